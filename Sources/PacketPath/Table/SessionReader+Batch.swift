extension SessionReader {
    /// The values of many keys, 0 for those not found: `values[n]` for `keys[n]`.
    ///
    /// Lines are asked for before they are looked at when the table is too large for the nearer caches. `values`
    /// is at least as long as `keys`; what is beyond stays as it was.
    @inlinable
    public func findBatch(_ keys: Span<IPv4SessionKey>, into values: inout MutableSpan<UInt64>) {
        let lines = unsafe roots.pointee.current(.ipv4).pointee
        findMany(keys.count, lines, into: &values) { unsafe keys[unchecked: $0].indexKey }
    }

    /// The values of many keys, 0 for those not found: `values[n]` for `keys[n]`.
    @inlinable
    public func findBatch(_ keys: Span<IPv6SessionKey>, into values: inout MutableSpan<UInt64>) {
        let lines = unsafe roots.pointee.current(.ipv6).pointee
        let secret = self.secret
        findMany(keys.count, lines, into: &values) { unsafe keys[unchecked: $0].indexKey(secret) }
    }

    /// Keys between asking for a line and looking at it, a power of two: so many that memory has answered by then.
    @inlinable static var batch: Int { 64 }

    /// Tables of fewer lines are in the second cache anyway, and asking would only cost.
    @inlinable static var linesWorthPrefetching: Int { 1 << 13 }

    @inlinable
    @inline(__always)
    func findMany(
        _ count: Int, _ lines: Lines, into values: inout MutableSpan<UInt64>, key: (Int) -> IndexKey
    ) {
        precondition(values.count >= count)
        // Unchecked indices below: all are under count, and values is no shorter.
        guard lines.lineCount >= Self.linesWorthPrefetching else {
            for index in 0..<count { unsafe values[unchecked: index] = lines.find(key(index)) }
            return
        }
        unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.batch) { hashes in
            // The key waits where its value will be, the hash in a ring: line n + 64 is asked for before line n is
            // looked at, so that as many are always on their way. Whole batches drain and fill again between passes.
            let ahead = min(Self.batch, count)
            for index in 0..<ahead { unsafe hashes[index] = ask(index, lines, &values, key) }
            for index in 0..<(count &- ahead) {
                let hash = unsafe hashes[index & (Self.batch &- 1)]
                unsafe hashes[index & (Self.batch &- 1)] = ask(index &+ Self.batch, lines, &values, key)
                unsafe values[unchecked: index] = lines.find(
                    IndexKey(word: values[unchecked: index]), hash: hash)
            }
            for index in (count &- ahead)..<count {
                let hash = unsafe hashes[index & (Self.batch &- 1)]
                unsafe values[unchecked: index] = lines.find(
                    IndexKey(word: values[unchecked: index]), hash: hash)
            }
        }
    }

    /// Asks for the lines of a key, which is left among the values; its hash.
    @inlinable
    @inline(__always)
    func ask(_ index: Int, _ lines: Lines, _ values: inout MutableSpan<UInt64>, _ key: (Int) -> IndexKey)
        -> UInt64
    {
        let key = key(index)
        let hash = key.hash(lines.seed)
        lines.prefetchHomePair(hash)
        unsafe values[unchecked: index] = key.word
        return hash
    }
}
