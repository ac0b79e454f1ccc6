/// Where the parts of a MaxMind file are, as its metadata says, checked against the file.
///
/// From front to back: the search tree, 16 zero bytes, the data section, a marker, the metadata (MaxMind DB file
/// format specification 2.0).
struct MaxMindLayout: Sendable, Hashable {
    let nodeCount: Int
    /// Bits of one record: 24, 28 or 32. A node is two records.
    let recordSize: Int
    /// 4 or 6.
    let ipVersion: Int
    /// The data section, without the marker after it.
    let data: Range<Int>
    /// What kind of database it says it is, escaped.
    let databaseType: String
    let buildEpoch: Int64

    static let marker: [UInt8] = [0xab, 0xcd, 0xef] + Array("MaxMind.com".utf8)
    static let separatorLength = 16
    /// The metadata begins at most so far from the end.
    private static let maximumMetadataLength = 128 << 10

    var treeLength: Int { nodeCount * recordSize / 4 }
    var depth: Int { ipVersion == 4 ? 32 : 128 }

    /// The first byte after the last marker; nil when there is none near the file's end, so that it is no MaxMind file.
    static func metadataStart(_ file: [UInt8]) -> Int? {
        let lowest = max(0, file.count - maximumMetadataLength)
        var start = file.count - marker.count
        while start >= lowest {
            if file[start] == marker[0], file[start...].starts(with: marker) { return start + marker.count }
            start -= 1
        }
        return nil
    }

    init(_ file: [UInt8], metadataStart: Int) throws(DatabaseFault) {
        var values = MaxMindValues(file, section: metadataStart..<file.count)
        try values.check(at: metadataStart)
        func number(_ key: String, _ type: MaxMindValues.Kind) throws(DatabaseFault) -> UInt64 {
            guard let value = try values.value(of: key, inMapAt: metadataStart), value.kind == type else {
                throw DatabaseFault(
                    .byte(metadataStart), "the metadata has no \(key), or one of another type")
            }
            return values.unsigned(value)
        }
        func sane(
            _ key: String, _ value: UInt64, _ isSane: Bool
        ) throws(DatabaseFault) {
            guard isSane else {
                throw DatabaseFault(.byte(metadataStart), "the metadata's \(key) is \(value)")
            }
        }
        let format = try number("binary_format_major_version", .uint16)
        try sane("binary_format_major_version", format, format == 2)
        let nodes = try number("node_count", .uint32)
        let recordSize = try number("record_size", .uint16)
        try sane("record_size", recordSize, [24, 28, 32].contains(recordSize))
        let ipVersion = try number("ip_version", .uint16)
        try sane("ip_version", ipVersion, ipVersion == 4 || ipVersion == 6)
        let epoch = try number("build_epoch", .uint64)
        // An instant ends in 2262; a database from after that is one that says anything.
        try sane("build_epoch", epoch, epoch < 9_000_000_000)
        guard let type = try values.value(of: "database_type", inMapAt: metadataStart), type.kind == .string
        else {
            throw DatabaseFault(
                .byte(metadataStart), "the metadata has no database_type, or one of another type")
        }
        let room = metadataStart - Self.marker.count - Self.separatorLength
        // No overflow: 32 bits of nodes of at most 8 bytes.
        let tree = Int(nodes) * Int(recordSize) / 4
        guard nodes > 0, tree <= room else {
            throw DatabaseFault(
                .byte(metadataStart),
                "a tree of \(nodes) nodes of \(recordSize) bits a record is not in the file")
        }
        let separator = tree..<(tree + Self.separatorLength)
        if let wrong = file[separator].firstIndex(where: { $0 != 0 }) {
            throw DatabaseFault(.byte(wrong), "expected 16 zero bytes after the tree of \(nodes) nodes")
        }
        nodeCount = Int(nodes)
        self.recordSize = Int(recordSize)
        self.ipVersion = Int(ipVersion)
        data = separator.upperBound..<(metadataStart - Self.marker.count)
        databaseType = shown(file[type.payload])
        buildEpoch = Int64(epoch)
    }
}
