import Evidence
import NetworkTypes
import PolicyLanguage
import Sessions

/// One thing about a session that can be one way or another whatever the rest is. The order is that in which sessions are
/// told apart: what splits the classes of a pack best comes first.
enum AxisKind: Hashable, Sendable {
    /// Which authority issued the certificate, and whether it counts.
    case authority
    case organisation
    case attribute(CertificateAttribute, Set<TextPattern>)
    case deviceRecord
    case deviceStatus
    case deviceKind
    case deviceManaged
    case deviceOrganisation
    case clientPlatform
    case clientVersion
    case splitTunnel
    case userName
    case userRecord
    case group(String)
    case userOrganisation
    case scan
    case country
    case outer
    /// All hours of the pack together, where they are few.
    case week
    case hours(WeeklyHours)
    case contract(Contract)
    case mfa
    /// By the tenant's name.
    case tenantCode(String)
    case antivirus
    case patches
    case diskEncryption
    case firewall
    case screenLock
    case deviceOwned
    case deviceLent
    case deviceOnSite
    case acknowledged
    case step(String)
    case approval(ApprovalNeed)

    var isTime: Bool {
        switch self {
        case .week, .hours, .contract: true
        default: false
        }
    }
}

/// One way that a thing can be, as far as the rules of a pack tell ways apart.
struct Cell: Sendable {
    /// In words, for whoever reads a counterexample.
    let text: String
    /// What a session has that is in this cell.
    let fact: Fact
}

/// A representative of a cell: enough to make a session of.
enum Fact: Sendable {
    /// Missing, never, nobody, no.
    case nothing
    case yes
    case name(String)
    case authority(String, SessionDescription.Revocation?, isUnseen: Bool)
    case unnamedAuthority
    case status(DeviceStatus)
    case kind(DeviceKind)
    case managed(Bool)
    case age(Duration)
    case lock(minutes: Int, age: Duration)
    case country(CountryCode)
    case outer(IPAddress)
    case ownScan
    case platform(ClientPlatform)
    case version(ClientVersion)
    case instant(Instant)
}

/// Everything about one thing: its cells, and which of them say less than others.
struct Axis: Sendable {
    let kind: AxisKind
    let cells: [Cell]
    /// By cell: those that a session may be in instead once evidence is taken away, has grown older, or speaks against it.
    let weaker: [[Int]]

    /// - Parameter weaker: nil where the first cell is what is left when the evidence goes, and the others do not compare.
    init(_ kind: AxisKind, _ cells: [Cell], weaker: [[Int]]? = nil) {
        self.kind = kind
        self.cells = cells
        self.weaker = weaker ?? cells.indices.map { $0 == 0 ? [] : [0] }
    }

    /// Nothing, then ages: the youngest is the last, and every older one says less.
    static func ages(_ kind: AxisKind, _ limits: Set<Duration>) -> Axis {
        let sorted = limits.sorted(by: >)
        let ages = sorted.indices.map { index in
            let age = index + 1 < sorted.count ? sorted[index + 1] : Self.youngest(sorted[index])
            return Cell(text: "\(TimeText.text(age)) old", fact: .age(age))
        }
        let cells = [Cell(text: "never, or older", fact: .nothing)] + ages
        return Axis(kind, cells, weaker: cells.indices.map { Array(0..<$0) })
    }

    /// As young as rule files can say, where that is young enough.
    static func youngest(_ limit: Duration) -> Duration { limit > .seconds(1) ? .seconds(1) : .zero }
}
