import NetworkTypes

/// Writes MaxMind files, right ones and wrong ones: each part can be changed before they are joined.
struct MaxMindWriter {
    indirect enum Value {
        case text(String)
        case uint16(UInt16)
        case uint32(UInt32)
        case uint64(UInt64)
        case array([Value])
        case map([(String, Value)])
        /// To an offset from the section's start.
        case pointer(Int)
        /// Whatever the test likes.
        case raw([UInt8])
    }

    enum Record: Hashable {
        case none
        case node(Int)
        case data(Int)
        /// Written as it is.
        case raw(Int)
    }

    struct Node {
        var left = Record.none
        var right = Record.none
    }

    var recordSize = 24
    var ipVersion = 6
    var nodes = [Node()]
    var separator = [UInt8](repeating: 0, count: 16)
    var data: [UInt8] = []
    var marker: [UInt8] = [0xab, 0xcd, 0xef] + Array("MaxMind.com".utf8)
    /// In place of the metadata's own values.
    var metadata: [String: Value] = [:]

    init(recordSize: Int = 24, ipVersion: Int = 6) {
        self.recordSize = recordSize
        self.ipVersion = ipVersion
    }

    /// Networks and countries as MaxMind's own databases have them, a record for each country.
    init(_ networks: [(String, String)], recordSize: Int = 24, ipVersion: Int = 6) throws {
        self.init(recordSize: recordSize, ipVersion: ipVersion)
        var offsets: [String: Int] = [:]
        for (prefix, country) in networks {
            let offset = offsets[country] ?? add(Self.record(country))
            offsets[country] = offset
            insert(try IPPrefix(parsing: prefix), .data(offset))
        }
    }

    static func record(_ country: String) -> Value {
        .map([
            ("continent", .map([("code", .text("XX")), ("geoname_id", .uint32(6_255_148))])),
            ("country", .map([("geoname_id", .uint32(2_635_167)), ("iso_code", .text(country))])),
            ("registered_country", .map([("iso_code", .text("US"))])),
        ])
    }

    mutating func add(_ value: Value) -> Int {
        defer { data += Self.bytes(value) }
        return data.count
    }

    /// A later network takes what an earlier one has.
    mutating func insert(_ prefix: IPPrefix, _ record: Record) {
        let lead = ipVersion == 6 && prefix.family == .ipv4 ? 96 : 0
        let length = prefix.length + lead
        let width = lead + prefix.family.bitWidth
        var node = 0
        for depth in 0..<(length - 1) {
            let isRight = bit(prefix, width, depth)
            let next = isRight ? nodes[node].right : nodes[node].left
            if case .node(let number) = next {
                node = number
                continue
            }
            nodes.append(Node(left: next, right: next))
            put(.node(nodes.count - 1), isRight, node)
            node = nodes.count - 1
        }
        put(record, bit(prefix, width, length - 1), node)
    }

    private func bit(_ prefix: IPPrefix, _ width: Int, _ depth: Int) -> Bool {
        prefix.address.bits >> UInt128(width - 1 - depth) & 1 == 1
    }

    private mutating func put(_ record: Record, _ isRight: Bool, _ node: Int) {
        if isRight { nodes[node].right = record } else { nodes[node].left = record }
    }

    /// The file.
    func file() -> [UInt8] { tree() + separator + data + marker + Self.bytes(.map(allMetadata())) }

    private func allMetadata() -> [(String, Value)] {
        let usual: [(String, Value)] = [
            ("binary_format_major_version", .uint16(2)), ("binary_format_minor_version", .uint16(0)),
            ("build_epoch", .uint64(1_780_000_000)), ("database_type", .text("Test-Country")),
            ("description", .map([("en", .text("made by a test"))])),
            ("ip_version", .uint16(UInt16(ipVersion))),
            ("languages", .array([.text("en")])), ("node_count", .uint32(UInt32(nodes.count))),
            ("record_size", .uint16(UInt16(recordSize))),
        ]
        return usual.map { ($0.0, metadata[$0.0] ?? $0.1) }
    }

    private func tree() -> [UInt8] {
        nodes.flatMap { node -> [UInt8] in
            let (left, right) = (number(node.left), number(node.right))
            func low(_ value: Int) -> [UInt8] { [16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
            func top(_ value: Int) -> UInt8 { UInt8(truncatingIfNeeded: value >> 24) }
            switch recordSize {
            case 24: return low(left) + low(right)
            case 28: return low(left) + [top(left) << 4 | top(right) & 0xf] + low(right)
            default: return [top(left)] + low(left) + [top(right)] + low(right)
            }
        }
    }

    private func number(_ record: Record) -> Int {
        switch record {
        case .none: nodes.count
        case .node(let number): number
        case .data(let offset): nodes.count + 16 + offset
        case .raw(let number): number
        }
    }

    static func bytes(_ value: Value) -> [UInt8] {
        switch value {
        case .text(let text): control(2, text.utf8.count) + Array(text.utf8)
        case .uint16(let number): control(5, 2) + big(UInt64(number), 2)
        case .uint32(let number): control(6, 4) + big(UInt64(number), 4)
        case .uint64(let number): control(9, 8) + big(number, 8)
        case .array(let values): control(11, values.count) + values.flatMap(bytes)
        case .map(let pairs): control(7, pairs.count) + pairs.flatMap { bytes(.text($0.0)) + bytes($0.1) }
        case .pointer(let offset): [0x38] + big(UInt64(offset), 4)
        case .raw(let bytes): bytes
        }
    }

    /// A control byte, with the longer forms of types above 7 and sizes from 29 on.
    static func control(_ type: UInt8, _ size: Int) -> [UInt8] {
        let (short, rest): (UInt8, [UInt8]) =
            size < 29
            ? (UInt8(size), []) : size < 285 ? (29, [UInt8(size - 29)]) : (30, big(UInt64(size - 285), 2))
        return (type > 7 ? [short, type - 7] : [type << 5 | short]) + rest
    }

    private static func big(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }
}
