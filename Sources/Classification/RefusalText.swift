import Evidence
import PolicyLanguage
import Sessions

/// What a refused person reads. Plain words, what to do next, nothing that helps an attacker more than an honest user.
enum RefusalText {
    static func refused(
        by matched: PolicyClass, _ finding: ClassFinding?, _ signals: [SignalFact]
    ) -> String {
        // A class without access also matches on what is unknown. "This device was reported lost" would then be wrong.
        let unknown = finding?.findings.filter { $0.judgement.truth == .unknown } ?? []
        if !unknown.isEmpty {
            if unknown.contains(where: { $0.condition.isAboutCertificate }) { return cannotBeChecked }
            return Self.signals(signals)
                ?? "This device or user is not registered for remote access. Call the help desk."
        }
        return matched.tell
            ?? (matched.asksForBehaviour
                ? seenScanning : "Remote access is not allowed here. Call the help desk.")
    }

    /// What a session is told that is let in, to a class that says nothing itself.
    static func admitted(to matched: PolicyClass) -> String { matched.asksForBehaviour ? seenScanning : "" }

    private static let seenScanning = "This device was seen scanning the network. Call the help desk."

    static func nothingGranted(_ withheld: [WithheldGrant]) -> String {
        sentence(withheld.first?.findings ?? [])
    }

    /// What the nearest class misses. Where that is the certificate, nothing else matters yet.
    static func noClass(_ nearest: ClassFinding?, _ evidence: SessionEvidence, at now: Instant) -> String {
        guard let nearest else { return notRegistered }
        let certificate = nearest.missing.first { $0.condition.isAboutCertificate }
        guard let certificate else { return sentence(nearest.missing) }
        return Self.certificate(certificate.judgement.truth, evidence, at: now)
    }

    /// A certificate of a stranger is not discussed with him; one of ours is.
    private static func certificate(
        _ truth: Truth, _ evidence: SessionEvidence, at now: Instant
    ) -> String {
        if case .revoked? = evidence.revocation {
            return "This device's certificate was withdrawn. Call the help desk."
        }
        guard truth != .unknown else { return cannotBeChecked }
        guard let report = evidence.certificateReport, report.anchor != nil else { return notRegistered }
        if report.validUntil <= now { return "This device's certificate has expired. Call the help desk." }
        return report.problems.isEmpty
            ? notRegistered : "This device's certificate is not in order. Call the help desk."
    }

    private static let notRegistered = "This device is not registered for remote access. Call the help desk."
    private static let cannotBeChecked =
        "This device's certificate cannot be checked at present. Try again later, or call the help desk."

    /// What was told by another system, where something was: what the rules then miss is only what follows from it.
    static func signals(_ signals: [SignalFact]) -> String? {
        switch signals.last?.key.kind {
        case .sessionRevoked: "Your session was ended by your organisation. Log in again."
        case .accountDisabled: "Your account is disabled. Call the help desk."
        case .credentialChange: "Your password or second factor was changed: log in again with a new code."
        case .assuranceLevel: "Your login must be confirmed anew: log in again with a new code."
        case .deviceCompliance:
            "This device does not meet your organisation's requirements. Open its management app, or call the help desk."
        case nil: nil
        }
    }

    private static func sentence(_ findings: [ConditionFinding]) -> String {
        let words = findings.missing.map { $0.condition.advice(seen: $0.judgement.saw) }
        return words.isEmpty
            ? "Remote access is not allowed now. Call the help desk." : words.joined(separator: " ")
    }
}

extension [ConditionFinding] {
    var missing: [ConditionFinding] { filter { $0.judgement.truth != .holds } }
}

extension ClassFinding {
    var missing: [ConditionFinding] { findings.missing }
}

extension Condition {
    var isAboutCertificate: Bool {
        switch test {
        case .certificate, .organisation, .attribute: true
        default: false
        }
    }

    /// One sentence: what is missing, and what the person can do.
    fileprivate func advice(seen: String) -> String {
        switch test {
        case .certificate, .organisation, .attribute: "This device's certificate is not accepted here."
        case .device: "This device is not in use according to the register. Call the help desk."
        case .unregistered, .behaviour, .deviceKind, .deviceOrganisation: "This device is not accepted here."
        case .deviceManaged: "This device is not managed as it should be. Call the help desk."
        case .deviceOwned: "This device was given to somebody else. Call the help desk."
        case .deviceLent: "This device is not lent to you at present. Ask where you borrowed it."
        case .deviceOnSite: "This device is due for maintenance: bring it to the office."
        case .posture(let need): need.advice
        case .client(let need): need.advice(seen: seen)
        case .mfa: "A one-time code is needed: log in again with your code."
        case .tenant(let tenant): "A one-time code of \(tenant.organisation) is needed for this."
        case .hours(let hours): "Access is open \(hours) only."
        case .user, .group, .userOrganisation:
            "Your account is not allowed remote access. Call the help desk."
        case .steps: "Some steps are still to be taken before you may work remotely: \(seen)."
        case .acknowledged: "Please read and confirm the remote working procedures again."
        case .approval(let need): need.advice
        case .country: "Remote access from where you are is not allowed without approval."
        case .office: "You are in an office: use the office network."
        case .contract(let contract):
            "Access under contract \(contract.reference) is not in force: \(seen). Ask \(contract.sponsor)."
        case .never: "This is not for remote use."
        }
    }
}

extension PostureNeed {
    fileprivate var advice: String {
        switch self {
        case .antivirus: "The virus protection of this device is out of date: update it and connect again."
        case .patches: "This device lacks updates: install them and connect again."
        case .diskEncryption: "The disk of this device is not known to be encrypted. Call the help desk."
        case .firewall: "The firewall of this device is not known to be on: switch it on."
        case .screenLock(let minutes, _):
            "The screen of this device must lock by itself within \(minutes) minutes."
        }
    }
}

extension ClientNeed {
    fileprivate func advice(seen: String) -> String {
        switch self {
        case .platform(let platforms):
            "The VPN client must run on \(platforms.map(\.words).sorted().joined(separator: " or ")): \(seen)."
        case .version(let least):
            "The VPN client must be version \(least) or later: \(seen). Update it and connect again."
        case .noSplitTunnel:
            "The VPN client must send everything through the tunnel, and say so: \(seen). Call the help desk."
        }
    }
}

extension ClientPlatform {
    /// As people know it.
    fileprivate var words: String {
        switch self {
        case .android: "Android"
        case .freebsd: "FreeBSD"
        case .ios: "iOS"
        case .linux: "Linux"
        case .mac: "macOS"
        case .netbsd: "NetBSD"
        case .openbsd: "OpenBSD"
        case .solaris: "Solaris"
        case .win: "Windows"
        }
    }
}

extension ApprovalNeed {
    fileprivate var advice: String {
        switch self {
        case .remoteWorking: "Remote working has not been approved for you. Ask your manager."
        case .travel: "Working from where you are has not been approved. Ask your manager."
        case .system(let name, _): "Reaching \(name) has not been approved for you. Ask your manager."
        case .exception: "This needs an exception that has not been given to you. Call the help desk."
        }
    }
}
