import Evidence
import Sessions

/// Clauses, authorities, users and devices: lists of what there is.
extension PackReader {
    func readClauses(_ root: DocumentNode) {
        hasClauses = true
        guard let file = MappingReader(root, "clauses.yaml", keys: ["clauses"], log: log) else { return }
        for entry in file.pairs("clauses") {
            let id = Located(entry.key, at: entry.keyRange)
            guard let clause = MappingReader(entry.value, "a clause", keys: ["title", "document"], log: log),
                log.read(.scalar(id.value, isPlain: false, id.range), .freeName) != nil
            else { continue }
            _ = clause.require("title", .text)
            _ = clause.read("document", .text)
            _ = define(.clause, id)
        }
    }

    func readAuthorities(_ root: DocumentNode) {
        guard let file = MappingReader(root, "authorities.yaml", keys: ["authorities"], log: log) else {
            return
        }
        for entry in file.pairs("authorities") {
            guard let name = newName(entry, .authority),
                let mapping = MappingReader(
                    entry.value, "an authority", keys: ["digest", "digests", "about"], log: log)
            else { continue }
            _ = mapping.read("about", .text)
            let key = mapping.has("digests") ? "digests" : "digest"
            let digests = mapping.requireList(key, .digest(), ifEmpty: "an authority needs a digest")
            let more = key == "digests" ? mapping.list("digest", .digest()) ?? [] : []
            for digest in digests + more { claim(digest) }
            let authority = Authority(
                name: name.value, digests: Set((digests + more).map(\.value)), location: name.range.start)
            if define(.authority, name) {
                names.keep(authority)
                authorities.append(authority)
            }
        }
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

    func readUsers(_ root: DocumentNode) {
        guard let file = MappingReader(root, "users.yaml", keys: ["users"], log: log) else { return }
        for entry in file.pairs("users") {
            let node = DocumentNode.scalar(entry.key, isPlain: false, entry.keyRange)
            guard let name = log.read(node, .freeName),
                let user = MappingReader(entry.value, "a user", keys: ["groups", "about"], log: log)
            else { continue }
            _ = user.read("about", .text)
            let groups = user.list("groups", .freeName) ?? []
            // Many users are in a group: the first of them is where it is from.
            for group in groups { _ = names.add(.group, group.value, at: group.range.start) }
            if define(.user, name) { users[name.value] = Set(groups.map(\.value)) }
        }
    }

    func readDevices(_ root: DocumentNode) {
        guard let file = MappingReader(root, "devices.yaml", keys: ["devices"], log: log),
            let list = file.requiredNode("devices")
        else { return }
        for item in log.items(list) {
            let keys = ["id", "digest", "owner", "kind", "status"]
            guard let device = MappingReader(item, "a device", keys: keys, log: log) else { continue }
            let id = device.require("id", .freeName)
            let digest = device.require("digest", .digest())
            let kind: Located<DeviceKind>? = device.require("kind", .choice("a kind of device"))
            let status: Located<DeviceStatus>? = device.require("status", .choice("a status"))
            let owner = device.read("owner", .freeName)
            add(id: id, digest: digest, owner: owner, kind: kind, status: status)
        }
    }

    /// The same register as a table: what an inventory system exports.
    func readDeviceTable(_ source: SourceText) {
        guard DocumentReader.passesLimits(source, sizeLimit: Self.tableSizeLimit, log: log) else {
            return names.doubt(.device)
        }
        let rows = CSVReader.rows(source, log: log)
        guard let header = rows.first else {
            log.add(.emptyFile, at: source.start)
            return
        }
        guard let columns = columns(header, source) else { return names.doubt(.device) }
        for row in rows.dropFirst() {
            guard row.count == header.count else {
                let problem = "expected \(header.count) fields, found \(row.count)"
                log.add(.badCSV(problem), at: row[0].range)
                continue
            }
            add(row, columns)
        }
    }

    /// In bytes: room for some hundred thousand devices.
    private static let tableSizeLimit = 32 << 20

    /// Where each column is, by name.
    private func columns(_ header: [CSVReader.Field], _ source: SourceText) -> [String: Int]? {
        let known = ["id", "digest", "owner", "kind", "status"]
        var columns: [String: Int] = [:]
        var isGood = true
        for (index, field) in header.enumerated() {
            if !known.contains(field.text) {
                let among = Dictionary(uniqueKeysWithValues: known.map { ($0, SourceLocation?.none) })
                log.addUnknown(
                    .unknownKey(field.text, in: "a device"), field.text, at: field.range, among: among)
                isGood = false
            } else if columns.updateValue(index, forKey: field.text) != nil {
                log.add(.duplicateKey(field.text), at: field.range)
                isGood = false
            }
        }
        for name in known where columns[name] == nil && isGood {
            log.add(.missingKey(name, in: "the header"), at: source.start)
            isGood = false
        }
        return isGood ? columns : nil
    }

    private func add(_ row: [CSVReader.Field], _ columns: [String: Int]) {
        func read<Value>(_ name: String, _ form: TextForm<Value>) -> Located<Value>? {
            guard let index = columns[name] else { return nil }
            return log.read(.scalar(row[index].text, isPlain: false, row[index].range), form)
        }
        let hasOwner = columns["owner"].map { !row[$0].text.isEmpty } ?? false
        add(
            id: read("id", .freeName), digest: read("digest", Self.digest),
            owner: hasOwner ? read("owner", .freeName) : nil, kind: read("kind", Self.kind),
            status: read("status", Self.status))
    }

    private static var digest: TextForm<CertificateDigest> { .digest() }
    private static var kind: TextForm<DeviceKind> { .choice("a kind of device") }
    private static var status: TextForm<DeviceStatus> { .choice("a status") }

    private func add(
        id: Located<String>?, digest: Located<CertificateDigest>?, owner: Located<String>?,
        kind: Located<DeviceKind>?, status: Located<DeviceStatus>?
    ) {
        // The name counts even when the rest is no good, so that references to it are not errors too.
        let isNew = id.map { define(.device, $0) } ?? false
        guard let id, let digest, let kind, let status, isNew else { return }
        if let first = digests[digest.value] { return reportTaken(digest, first) }
        digests[digest.value] = digest.range.start
        devices.append(
            DeviceRecord(
                id: id.value, certificate: digest.value, owner: owner?.value, kind: kind.value,
                status: status.value))
    }
}
