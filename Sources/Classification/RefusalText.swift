import PolicyLanguage

/// What a refused person reads. Plain words, what to do next, nothing that helps an attacker more than an honest user.
enum RefusalText {
    static func refused(by matched: PolicyClass, _ finding: ClassFinding?) -> String {
        // A class without access also matches on what is unknown. "This device was reported lost" would then be wrong.
        let unknown = finding?.findings.filter { $0.judgement.truth == .unknown } ?? []
        if !unknown.isEmpty {
            return "This device or user is not registered for remote access. Call the help desk."
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

    /// The nearest class is the one with the fewest conditions missing, among those that the certificate fits.
    static func noClass(_ findings: [ClassFinding], _ policy: Policy) -> String {
        let open = findings.filter { finding in
            guard let policyClass = policy.policyClass(named: finding.name), policyClass.access != .none
            else { return false }
            // What somebody would reach for scanning is no advice.
            if policyClass.asksForBehaviour { return false }
            return finding.findings.allSatisfy {
                $0.judgement.truth == .holds || !$0.condition.isAboutCertificate
            }
        }
        let nearest = open.min { $0.missing.count < $1.missing.count }
        guard let nearest else {
            return "This device is not registered for remote access. Call the help desk."
        }
        return sentence(nearest.missing)
    }

    private static func sentence(_ findings: [ConditionFinding]) -> String {
        let missing = findings.filter { $0.judgement.truth != .holds }
        let words = missing.map { $0.condition.advice(seen: $0.judgement.saw) }
        return words.isEmpty
            ? "Remote access is not allowed now. Call the help desk." : words.joined(separator: " ")
    }
}

extension ClassFinding {
    fileprivate var missing: [ConditionFinding] { findings.filter { $0.judgement.truth != .holds } }
}

extension Condition {
    fileprivate var isAboutCertificate: Bool {
        switch test {
        case .certificate, .organisation: true
        case .device, .unregistered, .mfa, .hours, .user, .group, .contract, .behaviour: false
        }
    }

    /// One sentence: what is missing, and what the person can do.
    fileprivate func advice(seen: String) -> String {
        switch test {
        case .certificate, .organisation: "This device's certificate is not accepted here."
        case .device: "This device is not in use according to the register. Call the help desk."
        case .unregistered, .behaviour: "This device is not accepted here."
        case .mfa: "A one-time code is needed: log in again with your code."
        case .hours(let hours): "Access is open \(hours) only."
        case .user, .group: "Your account is not allowed remote access. Call the help desk."
        case .contract(let contract):
            "Access under contract \(contract.reference) is not in force: \(seen). Ask \(contract.sponsor)."
        }
    }
}
