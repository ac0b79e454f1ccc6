extension SessionReader {
    /// The values of many keys, 0 for those not found: `values[n]` for `keys[n]`.
    ///
    /// Lines are asked for before they are looked at when the table is too large for the nearer caches. `values`
    /// is at least as long as `keys`; what is beyond stays as it was.
    @inlinable
    public func findBatch(_ keys: Span<IPv4SessionKey>, into values: inout MutableSpan<UInt64>) {
        findMany(keys, into: &values)
    }

    /// The values of many keys, 0 for those not found: `values[n]` for `keys[n]`.
    @inlinable
    public func findBatch(_ keys: Span<IPv6SessionKey>, into values: inout MutableSpan<UInt64>) {
        findMany(keys, into: &values)
    }

    /// Keys between asking for a line and looking at it: so many that memory has answered by then.
    @inlinable static var batch: Int { 64 }

    /// Tables of fewer lines are in the second cache anyway, and asking would only cost.
    @inlinable static var linesWorthPrefetching: Int { 1 << 13 }

    @inlinable
    @inline(__always)
    func findMany<Key: IndexKey>(_ keys: Span<Key>, into values: inout MutableSpan<UInt64>) {
        precondition(values.count >= keys.count)
        let lines = unsafe Key.current(roots).pointee
        // Unchecked indices below: all are under keys.count, and values is no shorter.
        guard lines.lineCount >= Self.linesWorthPrefetching else {
            for index in 0..<keys.count {
                let key = unsafe keys[unchecked: index]
                unsafe values[unchecked: index] = lines.find(key, hash: key.hash(lines.seed))
            }
            return
        }
        var first = 0
        while first < keys.count {
            let end = min(first &+ Self.batch, keys.count)
            for index in first..<end {
                let hash = unsafe keys[unchecked: index].hash(lines.seed)
                lines.prefetchHomePair(hash)
                // The hash waits where the value will be.
                unsafe values[unchecked: index] = hash
            }
            for index in first..<end {
                let hash = unsafe values[unchecked: index]
                unsafe values[unchecked: index] = lines.find(keys[unchecked: index], hash: hash)
            }
            first = end
        }
    }
}
