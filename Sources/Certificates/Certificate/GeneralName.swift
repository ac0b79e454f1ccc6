import NetworkTypes

/// One name of a subjectAltName or a name constraint (RFC 5280 section 4.2.1.6).
enum GeneralName: Sendable {
    case other(type: ObjectIdentifier, value: ArraySlice<UInt8>)
    case email(String)
    case dns(String)
    case directory(DirectoryName)
    case uri(String)
    /// 4 or 16 bytes; in a constraint 8 or 32, address and mask.
    case address([UInt8])
    /// x400Address, ediPartyName, registeredID: which is told by the tag's number.
    case unsupported(UInt8)

    init(_ element: DERElement) throws(DERError) {
        switch element.tag {
        case DERTag.constructed(0):
            var reader = element.reader
            let type = try reader.next("an otherName's type", tag: DERTag.objectIdentifier)
            let value = try reader.next("an otherName's value", tag: DERTag.constructed(0))
            try reader.expectEnd("an otherName")
            self = .other(type: try type.objectIdentifier("an otherName's type"), value: value.content)
        case DERTag.context(1): self = .email(try Self.ascii(element))
        case DERTag.context(2): self = .dns(try Self.ascii(element))
        case DERTag.constructed(4):
            var reader = element.reader
            let name = try reader.next("a directoryName")
            try reader.expectEnd("a directoryName")
            self = .directory(try DirectoryName(name, "a directoryName"))
        case DERTag.context(6): self = .uri(try Self.ascii(element))
        case DERTag.context(7): self = .address(Array(element.content))
        case DERTag.constructed(3): self = .unsupported(3)
        case DERTag.constructed(5): self = .unsupported(5)
        case DERTag.context(8): self = .unsupported(8)
        default: throw element.failure("a name of a kind that RFC 5280 does not have")
        }
    }

    private static func ascii(_ element: DERElement) throws(DERError) -> String {
        guard element.content.allSatisfy({ $0 < 0x80 }) else {
            throw element.failure("a name has a character that is not ASCII")
        }
        return String(decoding: element.content, as: UTF8.self)
    }

    /// The form of the name, by its tag's number; otherNames of different types are different forms to people, and one
    /// to name constraints.
    var form: UInt8 {
        switch self {
        case .other: 0
        case .email: 1
        case .dns: 2
        case .directory: 4
        case .uri: 6
        case .address: 7
        case .unsupported(let number): number
        }
    }

    var shown: String {
        switch self {
        case .other(let type, _): "otherName \(type)"
        case .email(let text): "email \(ShownText.shown(text))"
        case .dns(let text): "DNS name \(ShownText.shown(text))"
        case .directory(let name): "directory name \(name.shown)"
        case .uri(let text): "URI \(ShownText.shown(text))"
        case .address(let bytes): "address \(Self.shown(address: bytes))"
        case .unsupported(let number): "name of form [\(number)]"
        }
    }

    private static func shown(address bytes: [UInt8]) -> String {
        if let address = IPAddress(bytes: bytes) { return "\(address)" }
        if bytes.count == 8 || bytes.count == 32, let address = IPAddress(bytes: bytes[..<(bytes.count / 2)]),
            let mask = IPAddress(bytes: bytes[(bytes.count / 2)...])
        {
            return "\(address) mask \(mask)"
        }
        return ShownText.shown(ShownText.hexadecimal(bytes), bound: 70)
    }

    static func list(_ element: DERElement, _ what: String) throws(DERError) -> [GeneralName] {
        var names: [GeneralName] = []
        var reader = element.reader
        repeat { names.append(try GeneralName(try reader.next("a name of \(what)"))) } while !reader.isAtEnd
        return names
    }
}
