import Dispatch
import Foundation

/// `@unchecked Sendable`: only read and written by the thread that plays.
final class Flag: @unchecked Sendable { var isSet = false }
