import Classification
package import PolicyLanguage
package import Sessions

/// A vendor's file and its tests, from what is known of the contract.
package struct VendorDraft: Sendable {
    package struct Hours: Sendable, Hashable {
        /// `mon-fri`, `sat`.
        package var days: [String]
        package var from: String
        package var to: String

        package init(days: [String], from: String, to: String) {
            self.days = days
            self.from = from
            self.to = to
        }
    }

    package var name: String
    /// What stands in the certificate.
    package var organisation: String
    package var authority: String
    package var reference: String
    /// Both belong to the contract.
    package var from: CivilDate
    package var until: CivilDate
    package var sponsor: String
    package var zone: String
    package var systems: [String]
    /// Nil for at any time.
    package var hours: Hours?
    /// Nil when no code is asked for.
    package var mfa: String?
    /// How long before the contract's end checks warn; nil for as long as files that do not say.
    package var warnBefore: String?
    package var cites: [String]
    package var about: String?
    /// What people are told who are refused.
    package var tell: String?

    package init(
        name: String, organisation: String, authority: String, reference: String, from: CivilDate,
        until: CivilDate,
        sponsor: String, zone: String, systems: [String], hours: Hours?, mfa: String?,
        warnBefore: String? = nil, cites: [String] = [],
        about: String? = nil, tell: String? = nil
    ) {
        self.name = name
        self.organisation = organisation
        self.authority = authority
        self.reference = reference
        self.from = from
        self.until = until
        self.sponsor = sponsor
        self.zone = zone
        self.systems = systems
        self.hours = hours
        self.mfa = mfa
        self.warnBefore = warnBefore
        self.cites = cites
        self.about = about
        self.tell = tell
    }

    /// The name in lower case, of letters, digits and dashes, at most 64; empty when it has none of them.
    package static func slug(_ name: String) -> String {
        let words = name.lowercased().split { !$0.isASCII || !($0.isLetter || $0.isNumber) }
        let slug = words.joined(separator: "-").prefix(64)
        return String(slug.last == "-" ? slug.dropLast() : slug)
    }

    package enum Outcome: Sendable {
        /// The vendor's file and its tests, and what is worth knowing about them.
        case drafted([PackFile], notes: [String])
        /// What would be wrong with the pack.
        case mistaken([Diagnostic])
        /// The pack has no use for it: a sentence.
        case refused(String)
    }

    /// Makes the vendor's file and its tests, as `gatehouse fmt` leaves them. Neither is read or written here.
    ///
    /// - Parameters:
    ///   - pack: the files of a pack that compiles.
    ///   - slug: what the files are called; the vendor's name by itself.
    package func draft(for pack: [PackFile], at now: Instant, slug: String? = nil) -> Outcome {
        let slug = slug ?? Self.slug(name)
        let file = YAMLText.file("vendors/\(slug).yaml", text)
        let testsPath = "tests/vendor-\(slug).yaml"
        let (base, mistakes) = PolicyCompiler.compile(pack, now: now)
        guard let base else { return .mistaken(mistakes) }
        if let why = refusal(by: base, at: now) { return .refused(why) }
        for path in [file.path, testsPath] where pack.contains(where: { $0.path == path }) {
            return .refused("\(path) is there already")
        }
        let (policy, diagnostics) = PolicyCompiler.compile(pack + [file], now: now)
        guard let policy else { return .mistaken(diagnostics) }
        guard let policyClass = policy.policyClass(named: className), let contract = policyClass.contract
        else { return .refused("the pack makes no class of it") }
        let examples = VendorExamples(
            draft: self, slug: slug, policy: policy, policyClass: policyClass, contract: contract)
        switch examples.made {
        case .refused(let why): return .refused(why)
        case .made(let text, let notes):
            let tests = YAMLText.file(testsPath, text)
            if let why = Self.failure(of: pack + [file, tests], at: now) { return .refused(why) }
            return .drafted([file, tests], notes: notes)
        }
    }

    /// A vendor may take the sessions of another: of the same organisation, say. The tests of both tell.
    private static func failure(of pack: [PackFile], at now: Instant) -> String? {
        let (policy, diagnostics) = PolicyCompiler.compile(pack, now: now)
        guard let policy else { return diagnostics.first { $0.severity == .error }?.message }
        let failed = PolicyTestRunner.run(policy).first { !$0.passed }
        return failed.map {
            "then the test '\($0.name)' (\($0.location.file)) fails: \($0.failures.joined(separator: "; "))"
        }
    }

    var className: String { "vendor:\(name)" }

    private var text: String {
        var lines = [
            "# One vendor, one file, one contract. It makes a class of its own, \"vendor:\" and the name. Outside the contract's",
            "# dates, or of what else is asked for below, the vendor reaches nothing; live connections are cut on time.",
            "vendor: \(YAMLText.scalar(name))",
        ]
        if let about { lines.append("about: \(YAMLText.scalar(about))") }
        lines += [
            "", "# The authority that issued the certificate, and the organisation (O) that stands in it.",
            "certificate: { authority: \(YAMLText.scalar(authority)), organisation: \(YAMLText.scalar(organisation)) }",
            "",
            "# Both days belong to the contract, in this time zone.",
            "contract:", "  reference: \(YAMLText.scalar(reference))", "  from: \(from)", "  until: \(until)",
            "  sponsor: \(YAMLText.scalar(sponsor))", "  zone: \(YAMLText.scalar(zone))", "",
            "systems: \(YAMLText.list(systems))",
        ]
        if let hours {
            let days = hours.days.count == 1 ? YAMLText.scalar(hours.days[0]) : YAMLText.list(hours.days)
            lines.append(
                "hours: { days: \(days), from: \"\(hours.from)\", to: \"\(hours.to)\", zone: \(YAMLText.scalar(zone)) }"
            )
        }
        if let mfa { lines.append("mfa: { within: \(YAMLText.scalar(mfa)) }") }
        if let warnBefore { lines.append("warn-before: \(YAMLText.scalar(warnBefore))") }
        if !cites.isEmpty { lines.append("cites: \(YAMLText.list(cites))") }
        if let tell { lines.append("tell: \(YAMLText.scalar(tell))") }
        return lines.map { $0 + "\n" }.joined()
    }
}
