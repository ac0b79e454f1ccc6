import Evidence
import NetworkTypes
import Sessions

/// Reads the files of one pack, in the order in which they refer to each other, and gathers what they define.
///
/// One run, one reader. What is wrong goes to the log; reading goes on with what is left.
final class PackReader {
    let log = DiagnosticLog()
    let now: Instant
    var names = PackNames()

    var about = ""
    var inside: [Located<IPPrefix>] = []
    /// False until all of `inside` was read: whether a system lies within it cannot be judged then.
    var insideIsKnown = false
    var authorities: [Authority] = []
    var systems: [SystemDraft] = []
    /// Those of policy.yaml, in order.
    var classes: [PolicyClass] = []
    /// Where, among `classes`, the vendors' classes stand.
    var vendorsIndex: Int?
    var vendors: [PolicyClass] = []
    /// Classes whose conditions could not all be read: what they match is not known, and not judged.
    var doubtfulClasses: Set<String> = []
    var registers = Registers()
    /// The lines of loans and approvals that were read whole.
    var references: [RegisterLine] = []
    var offices: [Office] = []
    var tenants: [Tenant] = []
    /// Labels by name, with what remote sessions may do with systems that have them.
    var labels: [String: RemoteUse] = [:]
    /// False when the pack does not say which labels there are: they are words only then.
    var hasLabels = false
    /// Those that systems have, whether the pack lists labels or not; known when properties are read.
    var labelsOfSystems: Set<String> = []
    /// Public keys of devices, and where each was given.
    var keys: [String: SourceLocation] = [:]
    /// Certificates of authorities and devices alike, and where each was given.
    var digests: [CertificateDigest: SourceLocation] = [:]
    var tests: [PolicyTest] = []
    var properties = Properties()
    var settingTests: [SettingTest] = []
    var settings = Settings()
    var clauses: [Clause] = []
    /// Of `policy.yaml`; nil where it is not there or could not be read.
    private var policyRoot: DocumentNode?
    /// Set when the pack has a list of clauses: citations are checked then.
    var hasClauses = false

    init(now: Instant) { self.now = now }

    /// The kinds of file that a pack has, each with what names it defines; read in this order.
    private enum FileKind: Hashable, CaseIterable {
        case clauses, authorities, offices
        case register(RegisterKind)
        case registerTable(RegisterKind)
        case systems, policy, vendor, properties, test

        /// Users come first, since loans and approvals are about them.
        private static let registers: [RegisterKind] = [.user, .device, .loan, .approval]

        static let allCases: [Self] =
            [.clauses, .authorities, .offices] + registers.flatMap { [.register($0), .registerTable($0)] } + [
                .systems, .policy, .vendor, .properties, .test,
            ]

        /// The one file of this kind; nil where there are many.
        private var path: String? {
            switch self {
            case .clauses: "clauses.yaml"
            case .authorities: "authorities.yaml"
            case .offices: "offices.yaml"
            case .register(let kind): "\(kind.plural).yaml"
            case .registerTable(let kind): "\(kind.plural).csv"
            case .systems: "systems.yaml"
            case .policy: "policy.yaml"
            case .properties: "properties.yaml"
            case .vendor, .test: nil
            }
        }

        init?(path: String) {
            switch Self.allCases.first(where: { $0.path == path }) {
            case let kind?: self = kind
            case nil:
                let parts = path.split(separator: "/", omittingEmptySubsequences: false)
                guard parts.count == 2, parts[1].hasSuffix(".yaml"), parts[1].count > 5 else { return nil }
                switch parts[0] {
                case "vendors": self = .vendor
                case "tests": self = .test
                default: return nil
                }
            }
        }

        static let fixedPaths = allCases.compactMap(\.path)

        /// Whether a file has what it defines where it should be. Otherwise that is told, and references are not judged.
        func isListed(in root: DocumentNode) -> Bool {
            guard case .mapping(let entries, _) = root,
                let list = entries.first(where: { $0.key == listKey })?.value
            else { return false }
            return switch (self, list) {
            case (.vendor, .scalar), (.policy, .sequence), (.register, .sequence): !list.isEmpty
            case (.vendor, _), (.policy, _), (_, .scalar), (_, .sequence): false
            case (_, .mapping): true
            }
        }

        private var listKey: String {
            switch self {
            case .clauses: "clauses"
            case .authorities: "authorities"
            case .offices: "offices"
            case .register(let kind), .registerTable(let kind): kind.plural
            case .systems: "systems"
            case .policy: "classes"
            case .vendor: "vendor"
            case .properties: "must-never"
            case .test: "tests"
            }
        }

        var defines: [PackNames.Kind] {
            switch self {
            case .clauses: [.clause]
            case .authorities: [.authority]
            case .offices: [.office]
            case .register(.user), .registerTable(.user): [.user, .group]
            case .register(let kind), .registerTable(let kind): [kind.names]
            case .systems: [.system]
            case .policy: [.policyClass, .tenant]
            case .vendor: [.policyClass]
            case .properties, .test: []
            }
        }
    }

    func read(_ files: [PackFile]) {
        var byKind: [FileKind: [SourceText?]] = [:]
        var paths: Set<String> = []
        for file in files.sorted(by: { $0.path < $1.path }) {
            let source = SourceText(path: file.path, text: file.text)
            if let problem = file.problem { log.add(problem) } else { log.register(source) }
            guard paths.insert(file.path).inserted else {
                log.add(.duplicateName("file", file.path), at: source.start)
                continue
            }
            guard let kind = FileKind(path: file.path) else {
                let known = Dictionary(
                    uniqueKeysWithValues: FileKind.fixedPaths.map { ($0, SourceLocation?.none) })
                log.addUnknown(.unknownFile(file.path), file.path, at: source.start, among: known)
                continue
            }
            byKind[kind, default: []].append(file.problem == nil ? source : nil)
        }
        if byKind[.policy] == nil {
            let place = SourceLocation(file: "policy.yaml", line: 1, column: 1)
            log.add(.missingFile("policy.yaml"), at: SourceRange(start: place))
        }
        // People that are registered elsewhere are in groups that no file names.
        if byKind[.register(.user)] == nil, byKind[.registerTable(.user)] == nil {
            names.doubt(.user)
            names.doubt(.group)
        }
        // Systems belong to tenants, and classes name systems: one file has both tenants and classes.
        policyRoot = byKind[.policy]?.first.flatMap(\.self).flatMap { DocumentReader.read($0, log: log) }
        if policyRoot.map(FileKind.policy.isListed(in:)) != true {
            FileKind.policy.defines.forEach { names.doubt($0) }
        }
        for kind in FileKind.allCases {
            if kind == .systems, let policyRoot { readTenants(policyRoot) }
            for source in byKind[kind] ?? [] {
                if let source { read(source, as: kind) } else { kind.defines.forEach { names.doubt($0) } }
            }
            // What comes after them may name them.
            if kind == .vendor { placeVendors() }
        }
    }

    private func read(_ source: SourceText, as kind: FileKind) {
        if case .registerTable(let kind) = kind { return readRegisterTable(source, kind) }
        guard let root = kind == .policy ? policyRoot : DocumentReader.read(source, log: log) else {
            kind.defines.forEach { names.doubt($0) }
            return
        }
        if !kind.isListed(in: root) { kind.defines.forEach { names.doubt($0) } }
        switch kind {
        case .clauses: readClauses(root)
        case .authorities: readAuthorities(root)
        case .offices: readOffices(root)
        case .register(let kind): readRegister(root, kind)
        case .registerTable: break
        case .systems: readSystems(root)
        case .policy: readPolicy(root)
        case .vendor: readVendor(root)
        case .properties: readProperties(root)
        case .test: readTests(root)
        }
    }

    /// The vendors' classes stand at the marker, or else after all others.
    private func placeVendors() {
        classes.insert(contentsOf: vendors, at: vendorsIndex ?? classes.count)
    }

    /// What the pack means, once all files are read; checks what concerns them together. Good only without errors.
    func policy() -> Policy {
        warnOfUngrantable()
        let known = hasLabels ? Array(names.all(.label).keys) : systems.compactMap(\.label)
        RegisterChecks(names: names, labels: Set(known), now: now, log: log).run(references)
        SystemChecks(inside: inside, insideIsKnown: insideIsKnown, systems: systems, log: log).run()
        if classes.count > Self.classLimit {
            reportTooMany("classes", Self.classLimit, classes[Self.classLimit].location)
        } else {
            ClassChecks(classes: classes.filter { !doubtfulClasses.contains($0.name) }, log: log).run()
            // A class that could not be read whole might be the one that is asked for.
            if doubtfulClasses.isEmpty { BehaviourChecks(classes: classes, log: log).run() }
        }
        if tests.count > Self.testLimit {
            reportTooMany("tests", Self.testLimit, tests[Self.testLimit].location)
        }
        return Policy(
            about: about, inside: inside.map(\.value), authorities: authorities,
            systems: systems.map(\.system),
            classes: classes, registers: registers, offices: offices, tenants: tenants, tests: tests,
            settingTests: settingTests, settings: settings, clauses: clauses,
            properties: properties)
    }

    /// Vendors' among them. A session is held against one after the other, and each is held against all before it.
    static let classLimit = 3_000
    /// Each is decided anew at every reading of the pack.
    private static let testLimit = 50_000

    func reportTooMany(_ what: String, _ limit: Int, _ location: SourceLocation) {
        log.add(.tooMany(what, limit: limit), at: SourceRange(start: location))
    }

    /// Gives a name to something; a name that is taken is reported with the place of the first.
    func define(_ kind: PackNames.Kind, _ name: Located<String>) -> Bool {
        guard let first = names.add(kind, name.value, at: name.range.start) else { return true }
        let note = Diagnostic.Note("first defined at \(first)", at: first)
        log.add(.duplicateName(kind.rawValue, name.value), at: name.range, notes: [note])
        return false
    }

    /// Reads a new name as a key, unless it is one of the words that rules use for something else.
    func newName(_ entry: DocumentNode.Entry, _ kind: PackNames.Kind) -> Located<String>? {
        newName(entry.keyNode, kind)
    }

    func newName(_ node: DocumentNode, _ kind: PackNames.Kind) -> Located<String>? {
        guard let name = log.read(node, .name) else {
            if case .scalar(let text, _, let range) = node { _ = names.add(kind, text, at: range.start) }
            return nil
        }
        guard !Self.reserved.contains(name.value.lowercased()) else {
            log.add(.reservedName(kind.rawValue, name.value), at: name.range)
            // Defined all the same, so that references to it are not errors too.
            _ = names.add(kind, name.value, at: name.range.start)
            return nil
        }
        return name
    }

    /// `none` is the absence of access, of a class and of a code; `vendors` is a place among classes. The others
    /// would make rules read as if they said more than they do.
    static let reserved: Set<String> = ["none", "vendors", "any", "all", "internet"]

    /// After how long without a packet a session of a class ends: what the class says, or else what the pack says.
    func idleTime(_ mapping: MappingReader) -> Duration? {
        guard let own = mapping.read("idle", .idleTimeOrNone()) else { return settings.idle?.after }
        return own.value
    }

    func citations(_ mapping: MappingReader) -> [String] {
        checked(mapping.list("cites", .freeName) ?? [])
    }

    /// Clauses that are cited; those that the pack's list does not have are reported.
    func checked(_ cites: [Located<String>]) -> [String] {
        if hasClauses { for cite in cites { names.check(.clause, cite, log: log) } }
        return cites.map(\.value)
    }
}
