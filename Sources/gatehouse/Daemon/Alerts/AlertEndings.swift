import Alerts
import Enforcement
import Evidence
import PolicyLanguage
import Sessions

extension AlertLooks {
    /// What ends soon.
    /// - Parameter ahead: How far it is worth looking.
    func endings(within ahead: Duration, at now: Instant) async -> [Ending] {
        let policy = await enforcer.policy
        let certificates = policy.clauses { if case .certificate = $0 { true } else { false } }
        let connected = await enforcer.certificates(endingBefore: now + ahead).map { known in
            Ending(
                .certificateEnding, "\(known.commonName) \(known.digest)", until: known.until,
                what: "the certificate of '\(AlertText.plain(known.commonName))'",
                fields: [.commonName: known.commonName, .user: known.user], clauses: certificates)
        }
        return (policy.endings(await enforcer.registers) + connected).filter { $0.until <= now + ahead }
    }
}

extension Policy {
    /// All that ends by what the rules and the registers say, and much of it never soon.
    func endings(_ registers: Registers) -> [Ending] {
        contracts + approvals(registers) + loans(registers) + visits(registers) + reviews
    }

    private var contracts: [Ending] {
        classes.compactMap { known in
            known.contract.map { contract in
                Ending(
                    .contractEnding, "\(contract.vendor) \(contract.reference)", until: contract.until,
                    what:
                        "contract \(contract.reference) of \(contract.vendor) (sponsor \(contract.sponsor))",
                    fields: [.reference: contract.reference], clauses: known.cites)
            }
        }
    }

    private func approvals(_ registers: Registers) -> [Ending] {
        let clauses = clauses { if case .approval = $0 { true } else { false } }
        return registers.approvals.all.compactMap { approval in
            approval.until.map { until in
                Ending(
                    .approvalEnding, approval.reference, until: until,
                    what: "approval \(approval.reference) (\(approval.kind.rawValue)) of \(approval.user)",
                    fields: [.reference: approval.reference, .user: approval.user], clauses: clauses)
            }
        }
    }

    private func loans(_ registers: Registers) -> [Ending] {
        let clauses = clauses { if case .deviceLent = $0 { true } else { false } }
        return registers.loans.all.compactMap { loan in
            loan.until.map { until in
                Ending(
                    .loanEnding, loan.reference, until: until,
                    what: "loan \(loan.reference) of device \(loan.device) to \(loan.user)",
                    fields: [.reference: loan.reference, .user: loan.user, .device: loan.device],
                    clauses: clauses)
            }
        }
    }

    /// Devices that must be brought on site, by the class that lets their kind stay away for longest: after that they are
    /// in none.
    private func visits(_ registers: Registers) -> [Ending] {
        let limits = classes.compactMap(VisitLimit.init)
        return registers.devices.all.filter { $0.status == .inUse }.compactMap { device in
            guard let last = device.lastOnSite,
                let limit = limits.filter({ $0.kinds?.contains(device.kind) ?? true }).max(by: {
                    $0.away < $1.away
                })
            else { return nil }
            var fields: [AlertField: String] = [.device: device.id]
            fields[.user] = device.owner
            return Ending(
                .visitDue, device.id, until: last + limit.away,
                what: "the time that device \(device.id) may be away from the office"
                    + (device.owner.map { " with \($0)" } ?? ""),
                fields: fields, clauses: limit.clauses)
        }
    }

    private var reviews: [Ending] {
        settings.review.map { review in
            [
                Ending(
                    .reviewDue, review.date.description, until: review.dueAt,
                    what: "the time for the review of the written policy", clauses: review.serving.cites)
            ]
        } ?? []
    }
}

/// How long one class lets devices be away from the office.
private struct VisitLimit {
    let away: Duration
    /// Nil for every kind.
    let kinds: Set<DeviceKind>?
    let clauses: [String]

    init?(_ known: PolicyClass) {
        var away: Duration?
        var kinds: Set<DeviceKind>?
        for condition in known.conditions {
            switch condition.test {
            case .deviceOnSite(let within): away = within
            case .deviceKind(let asked): kinds = asked
            default: continue
            }
        }
        guard let away else { return nil }
        self.away = away
        self.kinds = kinds
        clauses = known.cites
    }
}
