import Evidence
import Sessions

/// Clauses, authorities, users and devices: lists of what there is.
extension PackReader {
    func readClauses(_ root: DocumentNode) {
        hasClauses = true
        guard let file = MappingReader(root, "clauses.yaml", keys: ["clauses"], log: log) else { return }
        for entry in file.pairs("clauses") {
            let id = Located(entry.key, at: entry.keyRange)
            // Defined also when something of it is wrong, so that citations are not errors too.
            let isNew = define(.clause, id)
            guard let mapping = MappingReader(entry.value, "a clause", keys: Self.clauseKeys, log: log),
                log.read(entry.keyNode, .freeName) != nil
            else { continue }
            let clause = clause(mapping, id)
            if isNew { clauses.append(clause) }
        }
    }

    static let clauseKeys = ["title", "document", "kind", "because", "controls"]

    private func clause(_ mapping: MappingReader, _ id: Located<String>) -> Clause {
        let title = mapping.require("title", .text)
        let document = mapping.read("document", .text)
        let kind = mapping.node("kind").flatMap {
            log.readWord($0, "what becomes of the clause", Clause.Kind.self)
        }
        let because = mapping.read("because", .text)
        if kind?.value == .outOfReach, !mapping.has("because"), let range = kind?.range {
            let note = Diagnostic.Note("what is not kept here, and where it is instead")
            log.add(.missingKey("because", in: "a clause out of reach"), at: range, notes: [note])
        }
        var seen: Set<String> = []
        let controls = (mapping.list("controls", .control) ?? []).map(\.value).filter {
            seen.insert($0).inserted
        }
        return Clause(
            id: id.value, title: title?.value ?? "", document: document?.value,
            kind: kind?.value ?? .enforced,
            because: because?.value, controls: controls, location: id.range.start)
    }

    static let authorityKeys = [
        "about", "digest", "digests", "certificate", "chain", "revocation", "crl", "ocsp",
    ]

    func readAuthorities(_ root: DocumentNode) {
        guard let file = MappingReader(root, "authorities.yaml", keys: ["authorities"], log: log) else {
            return
        }
        for entry in file.pairs("authorities") {
            guard let name = newName(entry, .authority) else { continue }
            let isNew = define(.authority, name)
            guard
                let mapping = MappingReader(
                    entry.value, "an authority", keys: Self.authorityKeys, log: log)
            else { continue }
            let authority = authority(mapping, name)
            if isNew {
                names.keep(authority)
                authorities.append(authority)
            }
        }
    }

    private func authority(_ mapping: MappingReader, _ name: Located<String>) -> Authority {
        _ = mapping.read("about", .text)
        let certificates =
            mapping.has("certificate")
            ? mapping.requireList("certificate", .certificate, ifEmpty: "give one, or leave the key out") : []
        let key = mapping.has("digests") ? "digests" : "digest"
        var digests: [Located<CertificateDigest>] = []
        // The certificate itself says what its digest is.
        if mapping.has(key) || !mapping.has("certificate") {
            digests = mapping.requireList(key, .digest(), ifEmpty: "an authority needs a digest")
            digests += key == "digests" ? mapping.list("digest", .digest()) ?? [] : []
        }
        for certificate in certificates {
            let digest = CertificateDigest(ofCertificate: certificate.value)
            guard !digests.contains(where: { $0.value == digest }) else { continue }
            digests.append(Located(digest, at: certificate.range))
        }
        for digest in digests { claim(digest) }
        let lists =
            mapping.has("crl")
            ? mapping.requireList("crl", .absolutePath, ifEmpty: "name a file, or leave the key out") : []
        let responder = mapping.read("ocsp", .webAddress)
        let revocation: Located<Authority.Revocation>? = mapping.read(
            "revocation", .choice("what withdrawal means"))
        let hears = mapping.has("crl") || mapping.has("ocsp")
        if let revocation, revocation.value != .none, !hears {
            let note = Diagnostic.Note("or 'ocsp': somewhere to learn which certificates were withdrawn")
            log.add(
                .missingKey("crl", in: "an authority that is asked about withdrawn certificates"),
                at: revocation.range, notes: [note])
        }
        let chain = mapping.read(
            "chain",
            TextForm("the word required, or no such key", .words(["required"])) {
                $0 == "required" ? true : nil
            })
        if let chain, certificates.isEmpty {
            log.add(
                .missingKey("certificate", in: "an authority whose chains are looked at in full"),
                at: chain.range)
        }
        return Authority(
            name: name.value, digests: Set(digests.map(\.value)), certificates: certificates.map(\.value),
            needsChain: chain?.value ?? false, revocation: revocation?.value ?? (hears ? .required : .none),
            revocationLists: lists.map(\.value), responder: responder?.value, location: name.range.start)
    }

    /// A certificate that two names had would let whoever has the one in by the rules for the other.
    private func claim(_ digest: Located<CertificateDigest>) {
        if let first = digests[digest.value] { return reportTaken(digest, first) }
        digests[digest.value] = digest.range.start
    }

    private func reportTaken(_ digest: Located<CertificateDigest>, _ first: SourceLocation) {
        let note = Diagnostic.Note("first given at \(first)", at: first)
        let name = String(digest.value.description.prefix(16)) + "..."
        log.add(.duplicateName("certificate", name), at: digest.range, notes: [note])
    }

    // MARK: Lines of registers

    func readRegister(_ root: DocumentNode, _ kind: RegisterKind) {
        for line in RegisterReader(kind: kind, log: log).lines(root) {
            if let line { add(line) } else { doubt(kind) }
        }
    }

    /// The same register as a table: what an inventory system exports.
    func readRegisterTable(_ source: SourceText, _ kind: RegisterKind) {
        if !RegisterReader(kind: kind, log: log).table(source, add) { doubt(kind) }
    }

    private func doubt(_ kind: RegisterKind) {
        names.doubt(kind.names)
        if kind == .user { names.doubt(.group) }
    }

    private func add(_ line: RegisterLine) {
        let kind = line.subject.kind
        // Many users are in a group: the first of them is where it is from.
        if kind == .user {
            for group in line.fields["groups"] ?? [] {
                _ = names.add(.group, group, at: line.ranges["groups"]?.start)
            }
            if !line.isWhole { names.doubt(.group) }
        }
        // The name counts even when the rest is no good, so that references to it are not errors too.
        guard define(kind.names, Located(line.subject.key, at: line.keyRange)), line.isWhole,
            hasOwnProof(line)
        else { return }
        log.put(line.subject, line.fields, into: &registers, at: line.keyRange, ranges: line.ranges)
        if kind == .loan || kind == .approval { references.append(line) }
    }

    /// Whether no other device has the certificate or the key of this one.
    private func hasOwnProof(_ line: RegisterLine) -> Bool {
        guard line.subject.kind == .device else { return true }
        let certificate = line.fields["digest"]?.first.flatMap { CertificateDigest($0) }
        if let certificate, let range = line.ranges["digest"] {
            let digest = Located(certificate, at: range)
            if let first = digests[certificate] {
                reportTaken(digest, first)
                return false
            }
            digests[certificate] = range.start
        }
        guard let key = line.fields["key"]?.first, let range = line.ranges["key"] else { return true }
        if let first = keys[key] {
            let note = Diagnostic.Note("first given at \(first)", at: first)
            log.add(.duplicateName("key", String(key.prefix(16)) + "..."), at: range, notes: [note])
            return false
        }
        keys[key] = range.start
        return true
    }

    // MARK: Offices

    func readOffices(_ root: DocumentNode) {
        guard let file = MappingReader(root, "offices.yaml", keys: ["offices"], log: log) else { return }
        for entry in file.pairs("offices") {
            guard let name = newName(entry, .office) else { continue }
            var items = [entry.value]
            if case .sequence(let list, let range) = entry.value {
                items = list
                if list.isEmpty { log.add(.emptyList(name.value, instead: "name a network"), at: range) }
            }
            let prefixes = items.compactMap(log.readPrefix)
            for prefix in prefixes { SystemChecks.checkWidth(prefix, log) }
            let networks = prefixes.map(\.value)
            guard define(.office, name) else { continue }
            let office = Office(name: name.value, networks: networks)
            names.keep(office)
            offices.append(office)
        }
    }
}

extension RegisterKind {
    var names: PackNames.Kind {
        switch self {
        case .device: .device
        case .user: .user
        case .loan: .loan
        case .approval: .approval
        }
    }
}

extension TextForm where Value == [UInt8] {
    /// A certificate as PEM has it (RFC 7468), one a text.
    static var certificate: Self {
        Self(
            "one certificate in PEM, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----",
            .pattern("^\\s*-[-\\s]*B")
        ) { PEMText.certificate($0) }
    }
}

extension TextForm where Value == String {
    static var webAddress: Self {
        Self("an address that begins with http:// or https://", .pattern("^https?://[^ ]+$")) { text in
            let rest = ["http://", "https://"].first(where: text.hasPrefix).map { text.dropFirst($0.count) }
            guard let host = rest?.first, host.isLetter || host.isNumber || host == "[" else { return nil }
            return PlainText.isName(text) && !text.contains(" ") ? text : nil
        }
    }

    package static var absolutePath: Self {
        Self("an absolute path", .pattern("^/")) { $0.hasPrefix("/") && !$0.contains("\0") ? $0 : nil }
    }
}
