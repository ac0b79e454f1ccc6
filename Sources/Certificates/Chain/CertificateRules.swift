/// What RFC 5280 and this project ask of one certificate by itself, given its place in the chain.
struct CertificateRules {
    let usage: CertificateUsage

    /// Everything that is wrong with it, whatever stands above or below.
    func problems(of certificate: DecodedCertificate, as role: ChainReason.Role) -> [String] {
        var problems = form(of: certificate, as: role)
        problems += certificate.meaning.problems
        problems += names(of: certificate, as: role)
        if let problem = certificate.keyProblem { problems.append(problem) }
        problems += role == .leaf ? leaf(certificate) : authority(certificate)
        problems += purposes(of: certificate, as: role)
        return problems
    }

    private func form(of certificate: DecodedCertificate, as role: ChainReason.Role) -> [String] {
        var problems: [String] = []
        // Before version 3 there are no extensions, hence no way to tell an authority from a device.
        if certificate.version != 3 {
            problems.append("has version \(certificate.version), not 3 (RFC 5280 section 4.1.2.1)")
        }
        // Section 6.1: the authority is taken for its name and key; who signed it, and with what, does not matter.
        if role != .authority {
            if case .refused(let why) = SignatureAlgorithm(certificate.outerAlgorithm) {
                problems.append("has a signature that does not count: \(why)")
            }
            // Numbers tell certificates apart on revocation lists. Authorities' own are on no list that is read here.
            let serial = certificate.serial
            if serial.first.map({ $0 & 0x80 != 0 }) ?? true || serial.elementsEqual([0]) {
                problems.append("has a serial number that is not above zero (RFC 5280 section 4.1.2.2)")
            } else if serial.count > 21 || (serial.count == 21 && serial.first != 0) {
                problems.append("has a serial number of more than 20 bytes (RFC 5280 section 4.1.2.2)")
            }
        }
        if certificate.innerAlgorithm != certificate.outerAlgorithm {
            problems.append(
                "names one signature algorithm in its signed part and another beside it (RFC 5280 section 4.1.1.2)"
            )
        }
        if certificate.notBefore >= certificate.end {
            problems.append("ends before it begins")
        }
        return problems
    }

    private func names(of certificate: DecodedCertificate, as role: ChainReason.Role) -> [String] {
        var problems: [String] = []
        if certificate.issuer.isEmpty { problems.append("has no issuer name (RFC 5280 section 4.1.2.4)") }
        if role != .leaf {
            if certificate.subject.isEmpty {
                problems.append("has no subject name (RFC 5280 section 4.1.2.6)")
            }
            return problems
        }
        let alternatives = certificate.extensions.first { $0.identifier == .subjectAlternativeName }
        if certificate.subject.isEmpty {
            switch alternatives {
            case nil: problems.append("has no name at all (RFC 5280 section 4.1.2.6)")
            case .some(let item) where !item.isCritical:
                problems.append(
                    "has no subject name, and a subjectAltName that is not critical (RFC 5280 section 4.2.1.6)"
                )
            case .some: break
            }
        } else if alternatives == nil, usage == .serverAuth {
            // RFC 9525 section 2: clients look nowhere else for a server's name.
            problems.append("has no subjectAltName, and a server is known by nothing else (RFC 9525)")
        }
        for name in certificate.meaning.alternativeNames {
            if let problem = NameSyntax.problem(of: name, usage: usage) {
                problems.append("has a malformed subjectAltName, \(name.shown): \(problem)")
                if problems.count >= 20 { break }
            }
        }
        return problems
    }

    private func leaf(_ certificate: DecodedCertificate) -> [String] {
        var problems: [String] = []
        let meaning = certificate.meaning
        if meaning.nameConstraints != nil, meaning.isAuthority != true {
            problems.append("is no authority and has nameConstraints (RFC 5280 section 4.2.1.10)")
        }
        guard let keyUsage = meaning.keyUsage else { return problems }
        // A TLS client signs the handshake with its key (RFC 8446 section 4.4.3). A server with TLS 1.2 can do with
        // decryption or key agreement.
        let isEnough =
            keyUsage.digitalSignature
            || (usage == .serverAuth && (keyUsage.keyEncipherment || keyUsage.keyAgreement))
        if !isEnough {
            problems.append(
                "has a keyUsage without digitalSignature, so its key proves nothing (RFC 5280 section 4.2.1.3)"
            )
        }
        if keyUsage.keyCertSign, meaning.isAuthority != true {
            problems.append("has a keyUsage with keyCertSign and is no authority (RFC 5280 section 4.2.1.9)")
        }
        if meaning.isAuthority == true, !keyUsage.keyCertSign {
            problems.append(
                "says that it is an authority and has a keyUsage without keyCertSign (RFC 5280 section 4.2.1.9)"
            )
        }
        return problems
    }

    private func authority(_ certificate: DecodedCertificate) -> [String] {
        var problems: [String] = []
        let meaning = certificate.meaning
        switch meaning.isAuthority {
        case true: break
        case false:
            problems.append("is no authority: basicConstraints say so (RFC 5280 section 4.2.1.9)")
        case nil:
            problems.append("is no authority: it has no basicConstraints (RFC 5280 section 4.2.1.9)")
        }
        if let keyUsage = meaning.keyUsage, !keyUsage.keyCertSign {
            problems.append(
                "may not sign certificates: its keyUsage has no keyCertSign (RFC 5280 section 4.2.1.3)")
        }
        // A self-signed certificate that names another key than its own as its issuer's is misshapen.
        if certificate.isSelfIssued, let own = meaning.subjectKey, let issuer = meaning.authorityKey,
            own != issuer,
            certificate.hasSigned(
                certificate.signedBytes, signature: certificate.signature,
                algorithm: certificate.outerAlgorithm)
        {
            problems.append("is signed by itself and names another key in authorityKeyIdentifier")
        }
        return problems
    }

    /// Without the extension a key may be used for anything (RFC 5280 section 4.2.1.12).
    ///
    /// anyExtendedKeyUsage is not enough in a leaf, which RFC 5280 leaves to the application: the authority that wrote
    /// it did not think of logging in. In an authority it constrains nothing. An authority with other purposes can give
    /// none that it does not have: the RFC does not say so, everybody does.
    private func purposes(of certificate: DecodedCertificate, as role: ChainReason.Role) -> [String] {
        guard let purposes = certificate.meaning.purposes, !purposes.contains(usage.purpose) else {
            return []
        }
        if role != .leaf, purposes.contains(.anyExtendedKeyUsage) { return [] }
        let list = ShownText.shown(purposes.map(\.name).joined(separator: ", "))
        return ["is not for \(usage.words): its extKeyUsage has \(list)"]
    }
}
