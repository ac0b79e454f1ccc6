import Evidence
import Place
import PolicyLanguage
import Sessions
import Trust

extension ControlMessages.RuleKnowledge {
    /// - Parameter countries: Nil where no database is configured.
    init(_ policy: Policy, _ trust: CertificateTrust, countries: Result<CountryDatabase, Unreadable>?) {
        let classes = policy.classes
        let conditions = classes.flatMap(\.conditions) + policy.systems.flatMap(\.needs)
        let zones = conditions.compactMap { condition in
            if case .hours(let hours) = condition.test { hours.clock.zoneName } else { nil }
        }
        let lists = trust.listsByAuthority()
        self.init(
            reviewDue: policy.settings.review?.dueAt.nanosecondsSince1970,
            contracts: classes.compactMap(\.contract).map(ControlMessages.ContractSummary.init),
            zones: Set(zones).sorted(),
            authorities: policy.authorities.map { authority in
                ControlMessages.AuthoritySummary(authority, lists[authority.name])
            }, asksForCountries: policy.restsOnCountry, countries: [])
        switch countries {
        case .success(let database)?: self.countries = database.files.map(ControlMessages.CountryFile.init)
        case .failure(let fault)?: countriesFault = fault.description
        case nil: break
        }
    }

    struct Unreadable: Error, CustomStringConvertible {
        var description: String
    }
}

extension ControlMessages.ContractSummary {
    fileprivate init(_ contract: Contract) {
        self.init(
            vendor: contract.vendor, reference: contract.reference,
            until: contract.until.nanosecondsSince1970,
            warnBeforeSeconds: Int64(contract.warnBefore / .seconds(1)))
    }
}

extension ControlMessages.AuthoritySummary {
    fileprivate init(_ authority: Authority, _ known: CertificateTrust.KnownLists?) {
        self.init(
            name: authority.name,
            lists: (known?.lists ?? []).map { list in
                ControlMessages.RevocationListSummary(
                    thisUpdate: list.thisUpdate.nanosecondsSince1970,
                    nextUpdate: list.nextUpdate?.nanosecondsSince1970)
            },
            troubles: known?.troubles ?? [], hasFiles: !authority.revocationLists.isEmpty,
            hasResponder: authority.responder != nil, isRequired: authority.revocation == .required)
    }
}

extension ControlMessages.CountryFile {
    fileprivate init(_ file: CountryDatabase.File) {
        self.init(path: file.path, built: file.built.flatMap(Self.instant)?.nanosecondsSince1970)
    }

    /// As files say it: RFC 3339, or the form of RFC 9110 section 5.6.7 (`Thu, 25 Jun 2026 04:33:59 GMT`).
    static func instant(_ text: String) -> Instant? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: String(words[2])) else {
            return TimeText.timestamp(text)
        }
        let twoDigits = { (text: Substring) in text.count == 1 ? "0" + text : String(text) }
        return TimeText.timestamp(
            "\(words[3])-\(twoDigits("\(month + 1)"))-\(twoDigits(words[1]))T\(words[4])Z")
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
