import PolicyLanguage
import Sessions

/// What the packet path looks at. It looks at every tunnel unless it is switched off.
struct PathConfiguration: Sendable {
    /// Interfaces by which packets leave for the inside: there the kernel's verdicts get their second opinion.
    var inside: [String] = []
    /// The kernel picks one packet in so many.
    var sampling: UInt32 = 1
    /// Sessions that are counted at once; 128 bytes each and a little more, for each interface and direction.
    var slotCount = 16_384
    /// So many different refused destinations within the time are a scan.
    var scanDestinations = 24
    var scanWindow: Duration = .seconds(60)

    /// Reads `off`, or a mapping; nil when it is switched off, or wrong.
    static func read(_ node: DocumentNode, _ log: DiagnosticLog) -> PathConfiguration? {
        if case .scalar("off", _, _) = node { return nil }
        let keys = ["inside", "sample", "sessions", "scan"]
        guard let mapping = MappingReader(node, "the packet path (or 'off')", keys: keys, log: log) else {
            return nil
        }
        var path = PathConfiguration()
        path.inside = mapping.list("inside", .interfaceName)?.map(\.value) ?? []
        if let sampling = mapping.read("sample", .samplingRate) { path.sampling = sampling.value }
        if let slots = mapping.read("sessions", .slotCount) { path.slotCount = slots.value }
        if let scan = mapping.node("scan") { path.readScan(scan, log) }
        return path
    }

    private mutating func readScan(_ node: DocumentNode, _ log: DiagnosticLog) {
        let keys = ["destinations", "within"]
        guard let mapping = MappingReader(node, "a scan", keys: keys, log: log) else { return }
        if let count = mapping.read("destinations", .scanDestinations) { scanDestinations = count.value }
        if let within = mapping.read("within", .scanWindow) { scanWindow = within.value }
    }
}

extension TextForm {
    fileprivate static var samplingRate: TextForm<UInt32> {
        TextForm<UInt32>("a number from 1 (every packet) to 10000 (one in so many)") { text in
            UInt32(text).flatMap { (1...10_000).contains($0) ? $0 : nil }
        }
    }

    fileprivate static var slotCount: TextForm<Int> {
        TextForm<Int>("a number from 1 to 4000000") { text in
            Int(text).flatMap { (1...4_000_000).contains($0) ? $0 : nil }
        }
    }

    /// The bounds within which the scan detector's estimate is good.
    fileprivate static var scanDestinations: TextForm<Int> {
        TextForm<Int>("a number from 2 to 250") { text in
            Int(text).flatMap { (2...250).contains($0) ? $0 : nil }
        }
    }

    fileprivate static var scanWindow: TextForm<Duration> {
        TextForm<Duration>("a duration from 1s to 1h") { text in
            TimeText.duration(text).flatMap { (.seconds(1)...Duration.seconds(3600)).contains($0) ? $0 : nil }
        }
    }
}
