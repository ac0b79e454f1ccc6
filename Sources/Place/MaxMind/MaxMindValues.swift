/// Checks the values of a section of a MaxMind file: types, sizes, pointers, text, depth.
///
/// It trusts nothing: an offset is compared with the section's end before a byte is read, nesting has a limit that a
/// circle of pointers meets too, and the number of values looked at is bounded by the section's length, since a value
/// that many others contain would otherwise be looked at many times.
struct MaxMindValues {
    /// The types, by the number that the format gives them.
    enum Kind: UInt8 {
        case pointer = 1, string, double, bytes, uint16, uint32, map, int32, uint64, uint128, array
        case boolean = 14, float
    }

    /// One value's beginning, read.
    struct Value {
        let kind: Kind
        /// Bytes of a scalar; entries of an array; pairs of a map; where a pointer points to, from the section's start.
        let size: Int
        /// The scalar's bytes, within the section. For a container, where its content begins.
        let payload: Range<Int>
    }

    /// The deepest nesting that is accepted. MaxMind's own databases have five levels; libmaxminddb calls itself for
    /// each, so there must be some limit.
    static let maximumDepth = 64

    private let file: [UInt8]
    private let section: Range<Int>
    /// How many more values may be looked at.
    private var budget: Int
    /// How deep the containers nest that pointers point to, and one more; zero when not looked at yet. A byte for each
    /// byte of the section, since a table of offsets could grow to many times the file.
    private var heights: [UInt8]

    init(_ file: [UInt8], section: Range<Int>) {
        self.file = file
        self.section = section
        // A value has at least one byte, and on average several. A container that stands in another one and is
        // pointed to as well is looked at twice, which is still far from this. It keeps a hostile file to some 40 ns
        // a byte, tried with arrays that all reach over the same tail.
        budget = section.count * 2 + 64
        heights = [UInt8](repeating: 0, count: section.count)
    }

    /// Checks a whole value and everything in it and behind its pointers.
    mutating func check(at offset: Int) throws(DatabaseFault) { _ = try extent(at: offset, depth: 0) }

    /// Where a value ends, and how many levels it has below itself.
    private struct Extent {
        var end: Int
        var height = 0
    }

    private mutating func extent(at offset: Int, depth: Int) throws(DatabaseFault) -> Extent {
        guard depth <= Self.maximumDepth else {
            throw DatabaseFault(.byte(offset), "values nest deeper than \(Self.maximumDepth), or in a circle")
        }
        guard budget > 0 else { throw DatabaseFault(.byte(offset), "values overlap each other without end") }
        budget -= 1
        let value = try value(at: offset)
        switch value.kind {
        case .pointer:
            let target = section.lowerBound + value.size
            let height = try height(ofTarget: target, from: offset, depth: depth)
            return Extent(end: value.payload.upperBound, height: height)
        case .map, .array:
            var extent = Extent(end: value.payload.lowerBound)
            for _ in 0..<value.size {
                if value.kind == .map { extent.end = try endOfKey(at: extent.end) }
                let child = try self.extent(at: extent.end, depth: depth + 1)
                extent.end = child.end
                extent.height = max(extent.height, child.height + 1)
            }
            return extent
        case .string:
            try checkText(value, at: offset)
            return Extent(end: value.payload.upperBound)
        default:
            return Extent(end: value.payload.upperBound)
        }
    }

    private mutating func height(
        ofTarget target: Int, from offset: Int, depth: Int
    ) throws(DatabaseFault) -> Int {
        guard section.contains(target) else {
            throw DatabaseFault(.byte(offset), "a pointer to outside of its section")
        }
        let place = target - section.lowerBound
        if heights[place] > 0 {
            let known = Int(heights[place]) - 1
            guard depth + known <= Self.maximumDepth else {
                throw DatabaseFault(.byte(offset), "values nest deeper than \(Self.maximumDepth)")
            }
            return known
        }
        let kind = try value(at: target).kind
        guard kind != .pointer else { throw DatabaseFault(.byte(offset), "a pointer to a pointer") }
        // A step deeper than its pointer, so that a circle of pointers alone has an end.
        let height = try extent(at: target, depth: depth + 1).height
        // No more than the deepest nesting, by the check of depths.
        if kind == .map || kind == .array { heights[place] = UInt8(height + 1) }
        return height
    }

    /// Checks a map's key, which is a string or a pointer to one, and returns where it ends.
    private mutating func endOfKey(at offset: Int) throws(DatabaseFault) -> Int {
        let key = try value(at: offset)
        try checkText(try string(key, at: offset), at: offset)
        return key.payload.upperBound
    }

    private func string(_ value: Value, at offset: Int) throws(DatabaseFault) -> Value {
        var text = value
        if value.kind == .pointer {
            let target = section.lowerBound + value.size
            // Where it points to is no place in the file to name.
            guard section.contains(target) else {
                throw DatabaseFault(.byte(offset), "a pointer to outside of its section")
            }
            text = try self.value(at: target)
        }
        guard text.kind == .string else { throw DatabaseFault(.byte(offset), "a map's key is no text") }
        return text
    }

    private func checkText(_ value: Value, at offset: Int) throws(DatabaseFault) {
        do {
            _ = try UTF8Span(validating: file.span.extracting(value.payload))
        } catch {
            throw DatabaseFault(.byte(offset), "text that is not UTF-8")
        }
    }

    // MARK: One value's beginning

    /// Reads a control byte and what belongs to it.
    private func value(at start: Int) throws(DatabaseFault) -> Value {
        var offset = start
        func next() throws(DatabaseFault) -> Int {
            guard section.contains(offset) else {
                throw DatabaseFault(.byte(start), "a value outside its section")
            }
            offset += 1
            return Int(file[offset - 1])
        }
        func number(bytes: Int) throws(DatabaseFault) -> Int {
            var number = 0
            for _ in 0..<bytes { number = try number << 8 | next() }
            return number
        }
        let control = try next()
        var type = control >> 5
        if type == 1 {
            let length = control >> 3 & 3
            let high = length == 3 ? 0 : control & 7
            let low = try number(bytes: length + 1)
            let base = [0, 2048, 526_336, 0][length]
            return Value(
                kind: .pointer, size: (high << (8 * (length + 1)) | low) + base, payload: offset..<offset)
        }
        if type == 0 {
            type = 7 + (try next())
            guard type > 7 else { throw DatabaseFault(.byte(start), "a value of an unknown type") }
        }
        guard type < 256, let kind = Kind(rawValue: UInt8(type)) else {
            throw DatabaseFault(.byte(start), "a value of an unknown type")
        }
        var size = control & 0x1f
        switch size {
        case 29: size = 29 + (try number(bytes: 1))
        case 30: size = 285 + (try number(bytes: 2))
        case 31: size = 65_821 + (try number(bytes: 3))
        default: break
        }
        guard Self.isPossible(size, for: kind) else {
            throw DatabaseFault(.byte(start), "a value of type \(type) cannot have the size \(size)")
        }
        let length = kind.isScalarWithBytes ? size : 0
        guard length <= section.upperBound - offset else {
            throw DatabaseFault(.byte(start), "a value of \(size) bytes goes past the end of its section")
        }
        return Value(kind: kind, size: size, payload: offset..<(offset + length))
    }

    private static func isPossible(_ size: Int, for kind: Kind) -> Bool {
        switch kind {
        case .pointer, .string, .bytes, .map, .array: true
        case .uint16: size <= 2
        case .uint32, .int32: size <= 4
        case .uint64: size <= 8
        case .uint128: size <= 16
        case .double: size == 8
        case .float: size == 4
        case .boolean: size <= 1
        }
    }

    // MARK: The metadata

    /// The value of a key of a map that was checked; nil when it has no such key, or is no map.
    func value(of key: String, inMapAt offset: Int) throws(DatabaseFault) -> Value? {
        let map = try value(at: offset)
        guard map.kind == .map else { return nil }
        var reader = self
        var place = map.payload.lowerBound
        for _ in 0..<map.size {
            let name = try string(try value(at: place), at: place)
            let at = try reader.endOfKey(at: place)
            if file[name.payload].elementsEqual(key.utf8) {
                let found = try value(at: at)
                return found.kind == .pointer ? try value(at: section.lowerBound + found.size) : found
            }
            place = try reader.extent(at: at, depth: 0).end
        }
        return nil
    }

    /// The number that a value of an unsigned type of at most 64 bits has.
    func unsigned(_ value: Value) -> UInt64 {
        file[value.payload].suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension MaxMindValues.Kind {
    fileprivate var isScalarWithBytes: Bool {
        switch self {
        case .pointer, .map, .array, .boolean: false
        case .string, .double, .bytes, .uint16, .uint32, .int32, .uint64, .uint128, .float: true
        }
    }
}
