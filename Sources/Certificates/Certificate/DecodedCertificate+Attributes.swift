package import Evidence

extension DecodedCertificate {
    /// What the certificate says of its holder, in the form that rules ask for.
    package var attributes: CertificateAttributes {
        var subject: [String: [String]] = [:]
        for attribute in self.subject.attributes {
            guard let text = attribute.text else { continue }
            subject[DirectoryName.shortName(attribute.type), default: []].append(text)
        }
        var attributes = CertificateAttributes(
            subject: subject, serial: serialText, notBefore: notBefore, notAfter: end, key: keyDigest)
        for name in meaning.alternativeNames {
            switch name {
            case .email(let text): attributes.emails.append(text)
            case .uri(let text): attributes.uris.append(text)
            case .dns(let text): attributes.dnsNames.append(text)
            case .other(.userPrincipalName, let value):
                if let text = Self.onlyElement(value)?.text { attributes.userPrincipalNames.append(text) }
            case .other, .directory, .address, .unsupported: break
            }
        }
        // The first of a kind, as everywhere; a second is a problem of the certificate.
        for item in extensions where attributes.extensions[item.identifier.description] == nil {
            attributes.extensions[item.identifier.description] = Self.text(of: item.value)
        }
        return attributes
    }

    private static func onlyElement(_ bytes: ArraySlice<UInt8>) -> DERElement? {
        var reader = DERReader(bytes)
        guard let element = try? reader.next("a value"), reader.isAtEnd else { return nil }
        return element
    }

    /// See ``CertificateAttributes/extensions``. Numbers of up to 63 bits are decimal.
    private static func text(of value: ArraySlice<UInt8>) -> String {
        if let element = onlyElement(value) {
            if let text = element.text { return text }
            switch element.tag {
            case DERTag.boolean:
                if let flag = try? element.boolean("a value") { return flag ? "true" : "false" }
            case DERTag.integer, DERTag.enumerated:
                if let bytes = try? element.integerBytes("a value"), bytes.count <= 8, let first = bytes.first
                {
                    let sign: Int64 = first & 0x80 != 0 ? -1 : 0
                    return "\(bytes.reduce(sign) { $0 << 8 | Int64($1) })"
                }
            default: break
            }
        }
        return ShownText.hexadecimal(value)
    }
}
