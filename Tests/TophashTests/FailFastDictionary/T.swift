import Testing
import Tophash

@Test func a() { #expect(probeThread() == 1) }
