/// An ASN.1 object identifier, as the bytes of its encoding: any size, compared without decoding.
package struct ObjectIdentifier: Sendable, Hashable, CustomStringConvertible {
    let content: [UInt8]

    /// Returns nil for bytes that encode no identifier. More than 64 bytes are refused: none that long is in use, and
    /// the text grows faster than the bytes.
    init?(content: ArraySlice<UInt8>) {
        guard (1...64).contains(content.count), let last = content.last, last & 0x80 == 0 else { return nil }
        var startsArc = true
        for byte in content {
            // X.690 section 8.19.2: an arc does not begin with padding.
            if startsArc, byte == 0x80 { return nil }
            startsArc = byte & 0x80 == 0
        }
        self.content = Array(content)
    }

    /// For the identifiers that the sources name; arcs are below 2^28.
    init(_ arcs: UInt32...) {
        var content: [UInt8] = []
        for arc in [arcs[0] * 40 + arcs[1]] + arcs[2...] {
            var groups = [UInt8(arc & 0x7f)]
            var rest = arc >> 7
            while rest > 0 {
                groups.append(UInt8(rest & 0x7f) | 0x80)
                rest >>= 7
            }
            content += groups.reversed()
        }
        self.content = content
    }

    /// Dotted; an arc of more than 63 bits is written in hexadecimal after `0x`.
    package var description: String {
        var arcs: [String] = []
        var groups: [UInt8] = []
        for byte in content {
            groups.append(byte & 0x7f)
            guard byte & 0x80 == 0 else { continue }
            if groups.count > 9 {
                arcs.append("0x" + groups.map { String($0, radix: 16) }.joined(separator: "_"))
            } else {
                let arc = groups.reduce(UInt64(0)) { $0 << 7 | UInt64($1) }
                if arcs.isEmpty {
                    let first = min(arc / 40, 2)
                    arcs.append("\(first)")
                    arcs.append("\(arc - first * 40)")
                } else {
                    arcs.append("\(arc)")
                }
            }
            groups.removeAll()
        }
        return arcs.joined(separator: ".")
    }
}

extension ObjectIdentifier {
    // Certificate extensions, RFC 5280 section 4.2.
    static let subjectKeyIdentifier = ObjectIdentifier(2, 5, 29, 14)
    static let keyUsage = ObjectIdentifier(2, 5, 29, 15)
    static let subjectAlternativeName = ObjectIdentifier(2, 5, 29, 17)
    static let issuerAlternativeName = ObjectIdentifier(2, 5, 29, 18)
    static let basicConstraints = ObjectIdentifier(2, 5, 29, 19)
    static let nameConstraints = ObjectIdentifier(2, 5, 29, 30)
    static let distributionPoints = ObjectIdentifier(2, 5, 29, 31)
    static let certificatePolicies = ObjectIdentifier(2, 5, 29, 32)
    static let policyMappings = ObjectIdentifier(2, 5, 29, 33)
    static let authorityKeyIdentifier = ObjectIdentifier(2, 5, 29, 35)
    static let policyConstraints = ObjectIdentifier(2, 5, 29, 36)
    static let extendedKeyUsage = ObjectIdentifier(2, 5, 29, 37)
    static let inhibitAnyPolicy = ObjectIdentifier(2, 5, 29, 54)
    static let authorityInformationAccess = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 1, 1)

    // Extensions of revocation lists and their entries, RFC 5280 sections 5.2 and 5.3.
    static let crlNumber = ObjectIdentifier(2, 5, 29, 20)
    static let reasonCode = ObjectIdentifier(2, 5, 29, 21)
    static let deltaCRLIndicator = ObjectIdentifier(2, 5, 29, 27)
    static let issuingDistributionPoint = ObjectIdentifier(2, 5, 29, 28)
    static let certificateIssuer = ObjectIdentifier(2, 5, 29, 29)

    // Purposes, RFC 5280 section 4.2.1.12.
    static let anyExtendedKeyUsage = ObjectIdentifier(2, 5, 29, 37, 0)
    static let serverAuth = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 3, 1)
    static let clientAuth = ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 3, 2)

    static let anyPolicy = ObjectIdentifier(2, 5, 29, 32, 0)

    // Names.
    static let emailAddress = ObjectIdentifier(1, 2, 840, 113549, 1, 9, 1)
    static let userPrincipalName = ObjectIdentifier(1, 3, 6, 1, 4, 1, 311, 20, 2, 3)

    // Keys.
    static let rsaEncryption = ObjectIdentifier(1, 2, 840, 113549, 1, 1, 1)
    static let ecPublicKey = ObjectIdentifier(1, 2, 840, 10045, 2, 1)
    static let ed25519 = ObjectIdentifier(1, 3, 101, 112)

    /// What people call it, where they call it anything.
    var name: String {
        switch self {
        case .serverAuth: "serverAuth"
        case .clientAuth: "clientAuth"
        case .anyExtendedKeyUsage: "anyExtendedKeyUsage"
        case ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 3, 3): "codeSigning"
        case ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 3, 4): "emailProtection"
        case ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 3, 8): "timeStamping"
        case ObjectIdentifier(1, 3, 6, 1, 5, 5, 7, 3, 9): "OCSPSigning"
        case .subjectKeyIdentifier: "subjectKeyIdentifier"
        case .authorityKeyIdentifier: "authorityKeyIdentifier"
        case .keyUsage: "keyUsage"
        case .subjectAlternativeName: "subjectAltName"
        case .issuerAlternativeName: "issuerAltName"
        case .basicConstraints: "basicConstraints"
        case .nameConstraints: "nameConstraints"
        case .distributionPoints: "cRLDistributionPoints"
        case .certificatePolicies: "certificatePolicies"
        case .policyMappings: "policyMappings"
        case .policyConstraints: "policyConstraints"
        case .inhibitAnyPolicy: "inhibitAnyPolicy"
        case .extendedKeyUsage: "extKeyUsage"
        case .authorityInformationAccess: "authorityInfoAccess"
        case .crlNumber: "cRLNumber"
        case .reasonCode: "reasonCode"
        case .deltaCRLIndicator: "deltaCRLIndicator"
        case .issuingDistributionPoint: "issuingDistributionPoint"
        case .certificateIssuer: "certificateIssuer"
        default: description
        }
    }
}
