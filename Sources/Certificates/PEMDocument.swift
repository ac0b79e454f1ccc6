/// A file of certificates or lists, in PEM (RFC 7468) or DER.
package enum PEMDocument {
    /// One certificate or list of a file, and where it stands there: `line 12` or `byte 0`.
    package struct Part: Sendable {
        package let der: [UInt8]
        package let place: String
    }

    /// A file that is neither, and where that shows.
    package struct Failure: Error, Hashable, CustomStringConvertible {
        /// The line of a PEM file; nil when `problem` names a byte.
        package let line: Int?
        package let problem: String

        package var description: String { (line.map { "\($0): " } ?? "") + problem }
    }

    /// Text between the parts is skipped, and so are parts of other kinds, private keys and their like, which some
    /// tools put in the same file. A DER file may hold several one after the other.
    ///
    /// `labels` are those of the kind that is asked for; the first is what it is called in complaints.
    package static func parts(of file: [UInt8], labels: [String]) throws(Failure) -> [Part] {
        let kind = labels[0]
        guard !file.isEmpty else { throw Failure(line: nil, problem: "byte 0: the file is empty") }
        // A PEM file is text; a certificate or list in DER begins with a SEQUENCE, which is the digit 0 in text.
        if file[0] == DERTag.sequence, file.count > 1, file[1] & 0x80 != 0 || file[1] < 0x20 {
            return try derParts(of: file, kind: kind)
        }
        var reader = Lines(file)
        var parts: [Part] = []
        while let line = reader.next() {
            guard let label = boundary(line, "-----BEGIN ") else { continue }
            let start = reader.number
            let body = try body(of: label, from: &reader, start: start)
            guard labels.contains(label) else { continue }
            do {
                var inside = DERReader(body[...])
                _ = try inside.next("the \(kind)", tag: DERTag.sequence)
                try inside.expectEnd("the \(kind)")
            } catch {
                throw Failure(line: start, problem: "this is no DER inside: \(error)")
            }
            parts.append(Part(der: body, place: "line \(start)"))
        }
        guard !parts.isEmpty else {
            throw Failure(line: 1, problem: "no \(kind) in PEM or DER here")
        }
        return parts
    }

    private static func derParts(of file: [UInt8], kind: String) throws(Failure) -> [Part] {
        var reader = DERReader(file[...])
        var parts: [Part] = []
        while !reader.isAtEnd {
            do {
                let element = try reader.next("the \(kind)", tag: DERTag.sequence)
                parts.append(Part(der: Array(element.bytes), place: "byte \(element.offset)"))
            } catch {
                throw Failure(line: nil, problem: "\(error)")
            }
        }
        return parts
    }

    private static func body(of label: String, from reader: inout Lines, start: Int) throws(Failure)
        -> [UInt8]
    {
        var decoder = Base64()
        while let line = reader.next() {
            if let end = boundary(line, "-----END ") {
                guard end == label else {
                    throw Failure(
                        line: reader.number,
                        problem: "'\(ShownText.shown(end, bound: 40))' ends what began as "
                            + "'\(ShownText.shown(label, bound: 40))' on line \(start)")
                }
                guard decoder.isComplete else {
                    throw Failure(
                        line: reader.number, problem: "the base64 text before this line is cut short")
                }
                return decoder.bytes
            }
            // Headers of RFC 1421, as in encrypted keys: not base64, and not of the kinds that are read here.
            if line.contains(UInt8(ascii: ":")) { continue }
            guard decoder.append(line) else {
                throw Failure(line: reader.number, problem: "this is no base64 text")
            }
        }
        throw Failure(line: start, problem: "no END line for this BEGIN")
    }

    private static func boundary(_ line: ArraySlice<UInt8>, _ prefix: String) -> String? {
        guard line.starts(with: prefix.utf8), line.count < 200 else { return nil }
        let rest = line.dropFirst(prefix.utf8.count)
        guard rest.suffix(5).elementsEqual("-----".utf8) else { return nil }
        return String(decoding: rest.dropLast(5), as: UTF8.self)
    }

    /// Lines without their ends and the spaces before them, counted from 1.
    private struct Lines {
        private var rest: ArraySlice<UInt8>
        private(set) var number = 0

        init(_ bytes: [UInt8]) { rest = bytes[...] }

        mutating func next() -> ArraySlice<UInt8>? {
            guard !rest.isEmpty else { return nil }
            number += 1
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            var line = rest[..<end]
            rest = end == rest.endIndex ? rest[end...] : rest[(end + 1)...]
            while let last = line.last, last == 0x20 || last == 0x0d || last == 0x09 {
                line = line.dropLast()
            }
            return line
        }
    }

    private struct Base64 {
        private(set) var bytes: [UInt8] = []
        private var bits: UInt32 = 0
        private var count = 0
        private var padding = 0

        /// Whole groups of four characters, as padded text has.
        var isComplete: Bool { count == 0 }

        mutating func append(_ line: ArraySlice<UInt8>) -> Bool {
            for character in line where !append(character) { return false }
            return true
        }

        private mutating func append(_ character: UInt8) -> Bool {
            var value: UInt32 = 0
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = UInt32(character) - 65
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = UInt32(character) - 71
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = UInt32(character) + 4
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            case UInt8(ascii: "=") where count >= 2: padding += 1
            case 0x20, 0x09: return true
            default: return false
            }
            // Nothing comes after padding.
            if padding > 0, character != UInt8(ascii: "=") { return false }
            bits = bits << 6 | value
            count += 1
            guard count == 4 else { return true }
            bytes.append(UInt8(bits >> 16 & 0xff))
            if padding < 2 { bytes.append(UInt8(bits >> 8 & 0xff)) }
            if padding < 1 { bytes.append(UInt8(bits & 0xff)) }
            bits = 0
            count = 0
            return true
        }
    }
}
