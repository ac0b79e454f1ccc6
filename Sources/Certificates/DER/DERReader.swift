/// Bytes that are not the DER that was expected, and where.
package struct DERError: Error, Hashable, CustomStringConvertible {
    /// Counted from the first byte of the certificate or list.
    package let offset: Int
    package let problem: String

    package init(offset: Int, _ problem: String) {
        self.offset = offset
        self.problem = problem
    }

    package var description: String { "byte \(offset): \(problem)" }
}

/// One element of DER: its tag, its content, and all of it.
///
/// The slices keep the indices of the bytes that they were cut from, so that every complaint has an offset into the
/// whole document.
struct DERElement {
    let tag: UInt8
    /// With tag and length.
    let bytes: ArraySlice<UInt8>
    let content: ArraySlice<UInt8>

    var offset: Int { bytes.startIndex }
    var end: Int { bytes.endIndex }

    /// A reader of the elements inside; the caller has looked at the tag.
    var reader: DERReader { DERReader(content) }

    func failure(_ problem: String) -> DERError { DERError(offset: offset, problem) }
}

/// Reads elements of DER one after the other (X.690 section 10), and keeps nothing of what it has passed.
///
/// A tree of all elements would cost a hostile list of 100 MB some gigabytes; this costs nothing but the bytes. Only
/// what X.509 needs is read: tags below 31, definite lengths in their shortest form.
struct DERReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }
    var offset: Int { rest.startIndex }
    /// The tag of the next element; nil at the end.
    var nextTag: UInt8? { rest.first }

    mutating func next(_ what: String) throws(DERError) -> DERElement {
        let start = rest.startIndex
        guard rest.count >= 2 else {
            let problem = rest.isEmpty ? "\(what) is missing" : "\(what) is cut short"
            throw DERError(offset: start, problem)
        }
        let tag = rest[start]
        guard tag & 0x1f != 0x1f else {
            throw DERError(offset: start, "\(what) has a tag of several bytes, which X.509 has none of")
        }
        var cursor = start + 1
        let length = try length(of: what, at: &cursor)
        guard length <= rest.endIndex - cursor else {
            throw DERError(
                offset: start,
                "\(what) is cut short: \(length) bytes announced, \(rest.endIndex - cursor) there")
        }
        let end = cursor + length
        let element = DERElement(tag: tag, bytes: rest[start..<end], content: rest[cursor..<end])
        rest = rest[end...]
        return element
    }

    mutating func next(_ what: String, tag: UInt8) throws(DERError) -> DERElement {
        let start = offset
        let element = try next(what)
        guard element.tag == tag else {
            throw DERError(
                offset: start, "\(what): expected tag \(Self.hex(tag)), found \(Self.hex(element.tag))")
        }
        return element
    }

    /// The next element if it has this tag; nil, with nothing read, if it has not.
    mutating func optional(_ what: String, tag: UInt8) throws(DERError) -> DERElement? {
        nextTag == tag ? try next(what, tag: tag) : nil
    }

    func expectEnd(_ what: String) throws(DERError) {
        guard rest.isEmpty else {
            throw DERError(offset: offset, "\(rest.count) bytes too many after \(what)")
        }
    }

    private func length(of what: String, at cursor: inout Int) throws(DERError) -> Int {
        let start = cursor
        let first = rest[cursor]
        cursor += 1
        guard first & 0x80 != 0 else { return Int(first) }
        let count = Int(first & 0x7f)
        guard (1...4).contains(count), rest.endIndex - cursor >= count else {
            let problem =
                count == 0 ? "has an indefinite length, which DER forbids" : "has a length out of range"
            throw DERError(offset: start, "\(what) \(problem)")
        }
        var length = 0
        for _ in 0..<count {
            length = length << 8 | Int(rest[cursor])
            cursor += 1
        }
        // X.690 section 10.1: the fewest octets; several encodings of one certificate would have several digests.
        guard length >= 0x80, count == 1 || length >> (8 * (count - 1)) != 0 else {
            throw DERError(offset: start, "\(what) has a length that is not in its shortest form")
        }
        return length
    }

    private static func hex(_ tag: UInt8) -> String { "0x" + (tag < 16 ? "0" : "") + String(tag, radix: 16) }
}

/// The tags that X.509 uses.
enum DERTag {
    static let boolean: UInt8 = 0x01
    static let integer: UInt8 = 0x02
    static let bitString: UInt8 = 0x03
    static let octetString: UInt8 = 0x04
    static let null: UInt8 = 0x05
    static let objectIdentifier: UInt8 = 0x06
    static let enumerated: UInt8 = 0x0a
    static let utf8String: UInt8 = 0x0c
    static let numericString: UInt8 = 0x12
    static let printableString: UInt8 = 0x13
    static let teletexString: UInt8 = 0x14
    static let ia5String: UInt8 = 0x16
    static let utcTime: UInt8 = 0x17
    static let generalizedTime: UInt8 = 0x18
    static let visibleString: UInt8 = 0x1a
    static let universalString: UInt8 = 0x1c
    static let bmpString: UInt8 = 0x1e
    static let sequence: UInt8 = 0x30
    static let set: UInt8 = 0x31

    /// `[number]` of a primitive type, and of a constructed one.
    static func context(_ number: UInt8) -> UInt8 { 0x80 | number }
    static func constructed(_ number: UInt8) -> UInt8 { 0xa0 | number }
}
