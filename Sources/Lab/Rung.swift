package import Foundation

/// A condition of the rule language with a system of its own, which asks for that and nothing else: what a session
/// reaches of the ladder shows, rung by rung, what is known of it.
package struct Rung: Sendable, Hashable, Identifiable {
    /// How the evidence is told to the daemon: one field of a register, or one item of a report.
    package enum Field: Sendable, Hashable {
        case device(String)
        case user(String)
        case loan
        case approval(reference: String)
        case posture(String)
        /// By nobody: the gateway sees where a session comes from.
        case sight
        /// By the VPN server, which hands certificates over, and by those who issued them.
        case certificate
        /// By a one-time code that is proved in the session.
        case code
    }

    /// What is told so that the condition holds, and what so that it does not.
    package enum Evidence: Sendable, Hashable {
        case values([String], otherwise: [String])
        /// A switch that a report tells as on or off.
        case isOn
        case minutes(Int, otherwise: Int)
        /// Something that was done, and counts for so long.
        case done(countsFor: TimeInterval)
        /// The end itself.
        case end
        /// The places that it holds in.
        case places(Set<Whereabouts>)
        /// Those whose certificates say it.
        case holders(Set<Device>)
    }

    /// Of the rung, of its system, and in the rows' ids.
    package let id: String
    /// What the system asks for, as the pack has it.
    package let needs: String
    package let field: Field
    package let evidence: Evidence

    private init(_ id: String, _ needs: String, _ field: Field, _ evidence: Evidence) {
        self.id = id
        self.needs = needs
        self.field = field
        self.evidence = evidence
    }

    /// Whether it ends by itself.
    package var isTimed: Bool {
        switch evidence {
        case .done, .end: true
        case .values, .isOn, .minutes, .places, .holders: false
        }
    }
}

extension Rung {
    /// A group that lena is in for one rung only.
    package static let group = "seniors"
    package static let loan = "L-1"

    /// Rungs that are told to the daemon by command.
    package static let told: [Rung] = [
        Rung(
            "device-status", "needs: { device: { status: in-use } }", .device("status"),
            .values(["in-use"], otherwise: ["returned"])),
        Rung(
            "device-kind", "needs: { device: { kind: laptop } }", .device("kind"),
            .values(["laptop"], otherwise: ["pool"])),
        Rung(
            "device-managed", "needs: { device: { managed: true } }", .device("managed"),
            .values(["true"], otherwise: ["false"])),
        Rung(
            "device-organisation", "needs: { device: { organisation: Example Council } }",
            .device("organisation"), .values(["Example Council"], otherwise: ["Elsewhere"])),
        Rung(
            "device-owner", "needs: { device: { owner: this-user } }", .device("owner"),
            .values(["lena"], otherwise: ["dora"])),
        Rung("device-loan", "needs: { device: { loan: this-user } }", .loan, .end),
        Rung(
            "device-on-site", "needs: { device: { on-site: { within: 90d } } }", .device("last-on-site"),
            .done(countsFor: 90 * 86_400)),
        Rung(
            "posture-antivirus", "needs: { posture: { antivirus: { within: 24h } } }", .posture("antivirus"),
            .done(countsFor: 86_400)),
        Rung(
            "posture-patches", "needs: { posture: { patches: { within: 30d } } }", .posture("patches"),
            .done(countsFor: 30 * 86_400)),
        Rung(
            "posture-disk-encryption", "needs: { posture: { disk-encryption: on } }",
            .posture("diskEncryption"), .isOn),
        Rung("posture-firewall", "needs: { posture: { firewall: on } }", .posture("firewall"), .isOn),
        Rung(
            "posture-screen-lock", "needs: { posture: { screen-lock: { at-most: 15m } } }",
            .posture("screenLockMinutes"), .minutes(10, otherwise: 30)),
        Rung(
            "user-steps", "needs: { user: { steps: [training, agreement] } }", .user("steps"),
            .values(["training", "agreement"], otherwise: ["training"])),
        Rung(
            "user-acknowledged", "needs: { user: { acknowledged: { within: 180d } } }", .user("acknowledged"),
            .done(countsFor: 180 * 86_400)),
        Rung(
            "user-organisation", "needs: { user: { organisation: Example Council } }", .user("organisation"),
            .values(["Example Council"], otherwise: ["Elsewhere"])),
        Rung(
            "user-group", "needs: { group: \(group) }", .user("groups"),
            .values([LabClasses.assessed, group], otherwise: [LabClasses.assessed])),
        Rung(
            "approval-remote-working", "needs: { approval: remote-working }",
            .approval(reference: "A-remote-working"), .end),
        Rung(
            "approval-exception", "needs: { approval: { exception: no-phone } }",
            .approval(reference: "A-exception"), .end),
        // By the label: the shipped pack says that this one is `with-approval`.
        Rung("approval-system", "label: official-sensitive", .approval(reference: "A-system"), .end),
    ]

    /// From abroad only.
    package static let travel = Rung(
        "approval-travel", "needs: { approval: travel }", .approval(reference: "A-travel"), .end)

    /// Rungs that hold in places.
    package static let placed: [Rung] = [
        Rung("country-home", "needs: { country: GB }", .sight, .places([.home, .office])),
        Rung("country-abroad", "needs: { country: FR }", .sight, .places([.abroad])),
        Rung("office", "needs: { office: town-hall }", .sight, .places([.office])),
    ]

    /// Rungs that hold for certificates, while their authority says that they are in force.
    package static let certified: [Rung] = [
        Rung(
            "certificate-authority", certificate(""), .certificate, .holders([.housingLaptop, .parksLaptop])),
        Rung(
            "certificate-subject", certificate("subject: { OU: [Revenues, \"Housing*\"] }"), .certificate,
            .holders([.housingLaptop])),
        Rung(
            "certificate-email", certificate("email: \"*@council.example\""), .certificate,
            .holders([.housingLaptop])),
        Rung(
            "certificate-extension", certificate("extension: { \(CertificateWords.identifier): managed }"),
            .certificate, .holders([.housingLaptop])),
    ]

    private static func certificate(_ words: String) -> String {
        let parts = ["authority: \(LabClasses.authority)", words].filter { !$0.isEmpty }
        return "needs: { certificate: { \(parts.joined(separator: ", ")) } }"
    }

    /// A tenant of the gateway that the assessed laptop is not of. Nothing else belongs to it.
    package static let tenant = "borough"
    package static let codeSeconds = 5

    /// For so long after a code of the tenant's.
    package static let proved = Rung(
        "tenant-code", "tenant: \(tenant)", .code, .done(countsFor: TimeInterval(codeSeconds)))

    package static let all: [Rung] = told + [travel] + placed + certified + [proved]

    /// The port that its system has at the ladder's address.
    package var port: UInt16 { 5001 + UInt16(Self.all.firstIndex(of: self) ?? 0) }
}

extension Rung {
    package enum State: Sendable, Hashable {
        case holds
        case fails
        /// Holds until this instant, of a whole second.
        case endsAt(Date)
    }
}

/// What is told to the daemon in one go: lines of registers, and a report of the assessed laptop.
package struct Telling: Sendable, Hashable {
    package struct Statement: Sendable, Hashable, Encodable {
        package var kind: String
        package var key: String
        package var fields: [String: [String]]
    }

    /// As the control protocol has them.
    package enum Value: Sendable, Hashable, Encodable {
        case text(String)
        case isOn(Bool)
        case number(Int)

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .isOn(let isOn): try container.encode(isOn)
            case .number(let number): try container.encode(number)
            }
        }
    }

    package private(set) var statements: [Statement] = []
    package private(set) var report: [String: Value] = [:]

    package init() {}

    /// That these rungs be in this state.
    package init(_ rungs: [Rung], _ state: Rung.State, now: Date = .now) {
        for rung in rungs { add(rung, state, now) }
    }

    package mutating func add(_ rung: Rung, _ state: Rung.State, _ now: Date = .now) {
        guard let value = Self.value(rung.evidence, state, now) else { return }
        switch rung.field {
        case .device(let field):
            statements.append(.init("device", Device.assessedLaptop.rawValue, field, value))
        case .user(let field): statements.append(.init("user", Actor.assessed.person.rawValue, field, value))
        case .loan: statements.append(.init("loan", Rung.loan, "until", value))
        case .approval(let reference): statements.append(.init("approval", reference, "until", value))
        case .posture(let item):
            report[item] =
                switch rung.evidence {
                case .isOn: .isOn(state != .fails)
                case .minutes(let minutes, let otherwise): .number(state == .fails ? otherwise : minutes)
                default: .text(value.joined())
                }
        case .sight, .certificate, .code: break
        }
    }

    /// Nil where nobody can tell it.
    private static func value(_ evidence: Rung.Evidence, _ state: Rung.State, _ now: Date) -> [String]? {
        switch (evidence, state) {
        case (.values(_, let otherwise), .fails): otherwise
        case (.values(let values, _), _): values
        case (.isOn, _), (.minutes, _): []
        case (.done, .holds): [VendorContract.timestamp(now)]
        // Well past, so that the time that it counts for is over.
        case (.done(let countsFor), .fails): [VendorContract.timestamp(now - 2 * countsFor)]
        case (.done(let countsFor), .endsAt(let end)): [VendorContract.timestamp(end - countsFor)]
        case (.end, .holds): [VendorContract.timestamp(now + 86_400)]
        case (.end, .fails): [VendorContract.timestamp(now - 3600)]
        case (.end, .endsAt(let end)): [VendorContract.timestamp(end)]
        case (.places, _), (.holders, _): nil
        }
    }
}

extension Telling.Statement {
    fileprivate init(_ kind: String, _ key: String, _ field: String, _ value: [String]) {
        self.init(kind: kind, key: key, fields: [field: value])
    }
}

extension Rung {
    /// Whether the certificate of a device says what it asks for.
    package func holds(for device: Device) -> Bool {
        if case .holders(let devices) = evidence { devices.contains(device) } else { false }
    }
}
