import Evidence
import PolicyLanguage
import Sessions

extension ConditionJudge {
    /// Whether the session's device is the tenant's own, or a code of the tenant's was given. True or false.
    ///
    /// A device that is not on the register is nobody's: no code makes up for that.
    func belongs(to tenant: Tenant) -> Judgement {
        guard let device = evidence.device else { return answer(.fails, saw: Self.notRegistered) }
        if let organisation = device.organisation, organisation == tenant.organisation {
            return answer(.holds, saw: "\(device.id) is of \(organisation)")
        }
        guard let verified = evidence.tenantVerifiedAt[tenant.name] else {
            let owner = device.organisation.map { "of \($0)" } ?? "of no organisation"
            return answer(
                .fails, saw: "\(device.id) is \(owner), and no one-time code of \(tenant.name) was given")
        }
        return fresh("one-time code of \(tenant.name)", at: verified, within: tenant.mfaWithin)
    }
}
