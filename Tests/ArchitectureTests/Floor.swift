/// One target of Sources: what it may import, and why nothing else.
struct Floor: Sendable, CustomStringConvertible {
    enum Kind: Sendable {
        /// A function of its parameters: no I/O, no clock, no randomness.
        case pure
        /// May do I/O.
        case edge
        /// C: no Swift in it.
        case c
        /// The composition root, which may import anything.
        case root
    }

    let name: String
    let kind: Kind
    /// The targets of this package that it may import; all stand before it in the table.
    let below: [String]
    /// The modules from outside that it may import.
    let outside: [String]
    /// Why it may import nothing else.
    let why: String

    private init(_ name: String, _ kind: Kind, _ below: [String] = [], outside: [String] = [], why: String) {
        self.name = name
        self.kind = kind
        self.below = below
        self.outside = outside
        self.why = why
    }

    var description: String { name }

    /// Returns nil when the import is allowed, else why it is not.
    func objection(toImporting module: String) -> String? {
        if kind == .root || below.contains(module) || outside.contains(module) { return nil }
        let general: String
        if let known = Self.aboutModule[module] {
            general = known
        } else if Self.all.contains(where: { $0.name == module }) {
            general = "\(module) is not below \(name): pass a value or a protocol down instead"
        } else {
            general = "\(module) is not in the table: state there who may import it, and why"
        }
        let allowed = below.isEmpty && outside.isEmpty ? "nothing" : (below + outside).joined(separator: ", ")
        return "\(name) must not import \(module). \(general). \(why). It may import: \(allowed)."
    }
}

extension Floor {
    /// From the ground up: a target imports only what stands before it, so there is no cycle.
    static let all: [Floor] = [
        Floor("CLinux", .c, why: "wrappers of calls that Glibc's module lacks"),
        Floor("CNetfilter", .c, why: "the constants of the kernel's netlink headers"),
        Floor("CPcap", .c, why: "libpcap's header"),
        Floor("CMaxMindDB", .c, why: "libmaxminddb's header"),
        Floor(
            "NetworkTypes", .pure, why: "Everybody imports these values, and would have what they import"),
        Floor(
            "FlowSpace", .pure, ["NetworkTypes"],
            why: "Proofs about rules stand on this algebra, so it holds for any rules and knows of none"),
        Floor(
            "Sessions", .pure, ["NetworkTypes"],
            why:
                "What a session is depends neither on the VPN that reports it nor on what is decided about it"
        ),
        Floor(
            "Evidence", .pure, ["Sessions", "NetworkTypes"], outside: ["Crypto"],
            why:
                "Facts are stated before anyone judges them: policy reads evidence, never the other way round"
        ),
        Floor(
            "Certificates", .pure, ["Evidence", "Sessions", "NetworkTypes"],
            outside: ["X509", "SwiftASN1", "Crypto"],
            why:
                "Whether a chain is good follows from its bytes, the authorities and a time, and from no disk"
        ),
        Floor(
            "PostureReports", .pure, ["Evidence", "Sessions"],
            why: "What a report says follows from its bytes; who sent it is the connection's to say"),
        Floor(
            "SharedSignals", .pure, ["PostureReports", "Evidence", "Sessions"],
            outside: ["JWTKit", "FoundationEssentials"],
            why:
                "What a token says, and whether it is believed, follows from its bytes, the keys and a time; its JSON is "
                + "read by the strict reader of posture reports"
        ),
        Floor(
            "PolicyLanguage", .pure, ["NetworkTypes", "FlowSpace", "Sessions", "Evidence"],
            outside: ["Yams", "Foundation", "FoundationEssentials"],
            why: "Rule files mean the same on an administrator's machine as on the gateway"),
        Floor(
            "RegisterImport", .pure, ["PolicyLanguage", "Evidence", "Sessions"],
            why:
                "What an export says, and what it would change, follow from its bytes and the registers alone"
        ),
        Floor(
            "Classification", .pure, ["PolicyLanguage", "Sessions", "Evidence", "FlowSpace", "NetworkTypes"],
            why:
                "A decision is a function of session, evidence, policy and now; only so can it be replayed"
        ),
        Floor(
            "PolicyProof", .pure,
            ["Classification", "PolicyLanguage", "Sessions", "Evidence", "FlowSpace", "NetworkTypes"],
            why:
                "What holds for every session follows from the rules alone; no session, gateway or clock has a say"
        ),
        Floor(
            "Coverage", .pure,
            ["Classification", "PolicyLanguage", "Sessions", "FlowSpace", "NetworkTypes"],
            outside: ["Crypto", "FoundationEssentials"],
            why: "What a pack covers follows from its files alone: an auditor can make the report again"),
        Floor(
            "Audit", .pure, ["Sessions"], outside: ["Crypto"],
            why: "Whether a record is whole follows from its bytes, on any machine and years later"),
        Floor(
            "Alerts", .pure, ["Sessions"],
            why: "What is told, and when, follows from what was seen and the time, and from no sink"),
        Floor(
            "PolicyDifference", .pure,
            ["Classification", "PolicyLanguage", "Sessions", "Evidence", "FlowSpace", "NetworkTypes"],
            why:
                "What a change of rules opens follows from the two packs alone, wherever they are compared"
        ),
        Floor(
            "Drafting", .pure,
            ["Classification", "PolicyLanguage", "Sessions", "Evidence", "FlowSpace", "NetworkTypes"],
            why: "The same answers make the same files; whoever asked for them writes them"),
        Floor(
            "RulesetCompiler", .pure,
            ["Classification", "PolicyLanguage", "FlowSpace", "NetworkTypes", "Sessions"],
            why:
                "The ruleset follows from the decisions alone, so what the kernel has can be held against it"
        ),
        Floor(
            "Diagnosis", .pure, ["RulesetCompiler", "Sessions"],
            why: "What is wrong with a gateway follows from what was looked at, whoever looked"),
        Floor(
            "Netfilter", .edge, ["RulesetCompiler", "NetworkTypes", "Sessions", "CNetfilter", "CLinux"],
            outside: ["Foundation", "Glibc", "Dispatch", "Synchronization"],
            why: "It carries out transactions and does not know why they were made"),
        Floor(
            "VPNSources", .edge, ["Sessions", "NetworkTypes", "CLinux"],
            outside: ["Logging", "Foundation", "Glibc", "Dispatch", "Synchronization"],
            why: "An adapter reports what its VPN server says and decides nothing"),
        Floor(
            "Store", .edge, ["Sessions", "Evidence", "NetworkTypes"],
            outside: ["Crypto", "GRDB", "Foundation", "Glibc", "Synchronization"],
            why: "It keeps facts, not decisions: those are made anew from facts after a restart"),
        Floor(
            "AuditLog", .edge, ["Audit", "Sessions"], outside: ["Glibc", "Synchronization"],
            why: "It keeps lines in files and knows their order, not what they are about"),
        Floor(
            "AlertSinks", .edge, ["Alerts", "Sessions", "CLinux"],
            outside: [
                "Crypto", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOSSL", "Foundation", "Glibc", "Dispatch",
                "Synchronization",
            ],
            why: "It carries alerts to where they go; what they are about is for those who see it"),
        Floor(
            "Place", .edge, ["Evidence", "Sessions", "NetworkTypes", "CMaxMindDB", "CLinux"],
            outside: ["Glibc", "Synchronization"],
            why: "It says where an address is; what follows from that is policy"),
        Floor(
            "Portal", .edge, ["SharedSignals", "PostureReports", "Evidence", "Sessions", "NetworkTypes"],
            outside: [
                "HummingbirdCore", "AsyncHTTPClient", "NIOHTTP1", "NIOCore", "NIOPosix", "NIOHTTPTypes",
                "HTTPTypes", "NIOSSL", "X509",
                "SwiftASN1", "Crypto", "Foundation", "Logging", "ServiceLifecycle", "Synchronization",
            ],
            why: "It carries reports and says who brought them; whether they count is the sink's"),
        Floor(
            "Trust", .edge, ["Certificates", "Evidence", "Sessions", "CLinux"],
            outside: ["Glibc", "Synchronization"],
            why: "It fetches what certificates are judged by; what follows for a session is policy"),
        Floor(
            "HandOver", .edge, outside: ["Glibc"],
            why: "A VPN server waits for it at every login: it starts fast, and so links next to nothing"),
        Floor(
            "ControlAPI", .pure,
            why: "What may be asked, by whom and how it is written follows from the table of operations alone"
        ),
        Floor(
            "Control", .edge, ["ControlAPI", "CLinux"],
            outside: [
                "NIOCore", "NIOPosix", "NIOHTTP1", "Logging", "Foundation", "Glibc", "Synchronization",
            ],
            why: "It carries requests between processes; their meaning is the composition root's"),
        Floor(
            "Lab", .edge, ["NetworkTypes", "CLinux"],
            outside: ["Foundation", "Glibc", "Synchronization", "X509", "Crypto", "SwiftASN1"],
            why: "It tries the daemon from outside, and would share the daemon's mistakes with its code"),
        Floor("CPacketPath", .c, why: "instructions that Swift has no word for"),
        Floor(
            "PacketPath", .pure, ["NetworkTypes", "CPacketPath"], outside: ["Synchronization"],
            why: "Once built it neither allocates, locks, blocks nor reads a clock, and knows no policy"),
        Floor(
            "Enforcement", .edge,
            [
                "PacketPath", "RulesetCompiler", "Classification", "PolicyLanguage", "Evidence", "Sessions",
                "FlowSpace", "NetworkTypes",
            ], outside: ["Logging", "Foundation", "Glibc", "Dispatch", "Synchronization"],
            why:
                "It sees a RulesetBackend and a stream of events, so all of it runs against a fake kernel"
        ),
        Floor(
            "Capture", .edge, ["PacketPath", "NetworkTypes", "CPcap", "CLinux"],
            outside: ["Foundation", "Glibc", "Synchronization"],
            why: "It hands over frames; what they mean is the packet path's"),
        Floor(
            "Replay", .pure,
            [
                "PacketPath", "Classification", "PolicyLanguage", "Evidence", "Sessions", "FlowSpace",
                "NetworkTypes",
            ],
            why:
                "What rules would have done follows from rules, sessions and frames alone, whoever reads them"
        ),
        Floor("gatehouse", .root, why: "The composition root imports everything; nothing imports it"),
    ]

    /// Why a module is kept to the targets that list it.
    private static let aboutModule = [
        "Foundation": "Foundation puts a clock, a disk and the machine's locale within reach of every line",
        "FoundationEssentials": "It puts a clock and a disk within reach of every line",
        "Glibc": "Glibc is the system: files, sockets, clocks, and errno",
        "Dispatch": "Dispatch brings threads and clocks; a pure target has neither",
        "Synchronization": "A lock or an atomic means shared state; a pure target has values",
        "Logging": "What a pure target has to say it returns; its caller logs",
        "Crypto":
            "Digests and signatures are evidence, Store seals seeds, Audit chains records, AlertSinks signs what it "
            + "sends; nobody else has cause to compute",
        "X509": "Certificates decodes and judges; everybody else sees a CertificateReport",
        "SwiftASN1": "Certificates decodes and judges; everybody else sees a CertificateReport",
        "Yams": "YAML is the surface of PolicyLanguage; everybody else sees a checked policy",
        "GRDB": "SQL stays in Store, so that the schema can change in one place",
        "HummingbirdCore": "HTTP is the surface of Portal; everybody else sees reports",
        "HTTPTypes": "HTTP is the surface of Portal; everybody else sees reports",
        "NIOHTTPTypes": "HTTP is the surface of Portal; everybody else sees reports",
        "NIOCore": "Event loops stay in Portal, Control and AlertSinks",
        "NIOPosix": "Event loops stay in Portal, Control and AlertSinks",
        "NIOHTTP1":
            "HTTP is the surface of Control and of AlertSinks; everybody else sees requests and has alerts",
        "NIOSSL": "TLS stays in Portal and AlertSinks; everybody else sees who was believed",
        "ServiceLifecycle": "What runs beside what is the composition root's",
        "CMaxMindDB": "libmaxminddb stays in Place; everybody else sees a CountryLookup",
        "CNetfilter": "Netlink messages stay in Netfilter; everybody else sees a RulesetBackend",
        "CLinux": "System calls belong to the edges",
        "CPcap": "libpcap stays in Capture; everybody else sees frames",
        "Netfilter":
            "The kernel is behind the RulesetBackend protocol, so that a fake one can take its place",
        "VPNSources": "Sources are behind a stream of session events, so that a script can take their place",
        "Store": "The disk is handed in by the composition root",
        "gatehouse": "The composition root is above everything",
    ]
}
