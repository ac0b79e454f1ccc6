import Sessions

extension DERElement {
    /// X.690 section 11.1: true is 0xff and nothing else.
    func boolean(_ what: String) throws(DERError) -> Bool {
        guard content.count == 1, let byte = content.first, byte == 0 || byte == 0xff else {
            throw failure("\(what) is no boolean of DER")
        }
        return byte == 0xff
    }

    /// The content of an INTEGER, two's complement in the fewest bytes (X.690 section 8.3.2).
    func integerBytes(_ what: String) throws(DERError) -> ArraySlice<UInt8> {
        guard let first = content.first else { throw failure("\(what) is a number without bytes") }
        if let second = content.dropFirst().first,
            (first == 0 && second & 0x80 == 0) || (first == 0xff && second & 0x80 != 0)
        {
            throw failure("\(what) is a number that is not in its shortest form")
        }
        return content
    }

    /// A number from 0 up; what does not fit in 31 bits is as good as the greatest that does.
    func smallNumber(_ what: String) throws(DERError) -> Int {
        let bytes = try integerBytes(what)
        if bytes.first.map({ $0 & 0x80 != 0 }) == true { throw failure("\(what) is negative") }
        return bytes.count > 4 ? Int(Int32.max) : bytes.reduce(0) { $0 << 8 | Int($1) }
    }

    func objectIdentifier(_ what: String) throws(DERError) -> ObjectIdentifier {
        guard let identifier = ObjectIdentifier(content: content) else {
            throw failure("\(what) is no object identifier")
        }
        return identifier
    }

    /// The bytes of a BIT STRING that should be of whole bytes, keys and signatures; none when it is not: no key and no
    /// signature that holds has a broken byte at its end.
    var wholeBytes: ArraySlice<UInt8> { content.first == 0 ? content.dropFirst() : [] }

    /// The named bits of a BIT STRING, bit 0 first. X.690 section 11.2: no trailing zero bits.
    func namedBits(_ what: String) throws(DERError) -> [Bool] {
        guard let unused = content.first, unused < 8, unused == 0 || content.count > 1 else {
            throw failure("\(what) is no bit string")
        }
        let bytes = content.dropFirst()
        guard bytes.count <= 8 else { throw failure("\(what) has more than 64 bits") }
        var bits: [Bool] = []
        for byte in bytes {
            for place in 0..<8 { bits.append(byte & (0x80 >> UInt8(place)) != 0) }
        }
        guard !bits.suffix(Int(unused)).contains(true) else {
            throw failure("\(what) has padding that is not zero")
        }
        bits.removeLast(Int(unused))
        return bits
    }

    /// A Time of RFC 5280 section 4.1.2.5: to the second, in UTC. Years outside 1678 to 2261 become the nearest instant
    /// that there is; `99991231235959Z` means no end.
    func time(_ what: String) throws(DERError) -> Instant {
        let digits = content.dropLast()
        let isUTCTime = tag == DERTag.utcTime
        guard isUTCTime || tag == DERTag.generalizedTime, content.last == UInt8(ascii: "Z"),
            digits.count == (isUTCTime ? 12 : 14), digits.allSatisfy({ (48...57).contains($0) })
        else { throw failure("\(what) is no time of the form YYMMDDhhmmssZ or YYYYMMDDhhmmssZ") }
        var values = digits.map { Int($0) - 48 }[...]
        func pair() -> Int {
            defer { values = values.dropFirst(2) }
            return values[values.startIndex] * 10 + values[values.startIndex + 1]
        }
        let first = pair()
        // RFC 5280 section 4.1.2.5.1: 50 to 99 are of the last century.
        let year = isUTCTime ? (first < 50 ? 2000 : 1900) + first : first * 100 + pair()
        let (month, day, hour, minute, second) = (pair(), pair(), pair(), pair(), pair())
        guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60 else {
            throw failure("\(what) names a time that no clock shows")
        }
        if year < 1678 { return Instant(nanosecondsSince1970: .min) }
        if year > 2261 { return Instant(nanosecondsSince1970: .max) }
        guard let date = CivilDate(year: year, month: month, day: day) else {
            throw failure("\(what) names a day that the calendar does not have")
        }
        let seconds = date.dayNumber * 86_400 + hour * 3600 + minute * 60 + second
        return Instant(secondsSince1970: Int64(seconds))
    }

    /// The text of a string type; nil when the element is none, or its bytes are no text of that type.
    var text: String? {
        switch tag {
        case DERTag.utf8String: return String(validating: content, as: UTF8.self)
        case DERTag.ia5String, DERTag.printableString, DERTag.numericString, DERTag.visibleString:
            return content.allSatisfy { $0 < 0x80 } ? String(decoding: content, as: UTF8.self) : nil
        // T.61 as everybody reads it, Latin-1; true T.61 has not been seen since the nineties.
        case DERTag.teletexString:
            return String(String.UnicodeScalarView(content.map { UnicodeScalar($0) }))
        case DERTag.bmpString, DERTag.universalString:
            return wideText(width: tag == DERTag.bmpString ? 2 : 4)
        default: return nil
        }
    }

    private func wideText(width: Int) -> String? {
        guard content.count % width == 0 else { return nil }
        var scalars = String.UnicodeScalarView()
        var value: UInt32 = 0
        for (index, byte) in content.enumerated() {
            value = value << 8 | UInt32(byte)
            guard index % width == width - 1 else { continue }
            guard let scalar = UnicodeScalar(value) else { return nil }
            scalars.append(scalar)
            value = 0
        }
        return String(scalars)
    }
}
