import CTophashThread

@inlinable public func probeThread() -> UInt32 { tophash_thread_number() }
