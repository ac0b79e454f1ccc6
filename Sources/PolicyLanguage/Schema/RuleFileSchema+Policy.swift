import Sessions

/// `policy.yaml` and `vendors/*.yaml`.
extension RuleFileSchema {
    static var text: Schema { Schema(TextForm<String>.text) }
    static var freeName: Schema { Schema(TextForm<String>.freeName) }
    static var cites: Schema {
        Schema.list(.freeName, atLeast: 0).described("Clauses of the written policy that this serves")
    }

    static var within: Schema {
        .mapping(["within"], required: ["within"], ["within": Schema(TextForm<Duration>.duration())])
    }

    static var policyFile: Schema {
        .mapping(
            PackReader.policyKeys, required: ["inside", "classes"],
            [
                "about": text,
                "inside": .list(.networkText).described(
                    "The networks of the organisation: every system lies inside"),
                "tenants": .names(.newName, to: tenant),
                "classes": .items(.any([.word("vendors"), policyClass]))
                    .described("Classes of sessions; the first that matches decides"),
                "review-by": valueOrMapping(.date(), under: "date"),
                "idle": valueOrMapping(.idleTime(), under: "after"),
                "monitoring": monitoring, "audit": audit,
                "incidents": .mapping(
                    PackReader.incidentsKeys, required: ["alert"],
                    [
                        "alert": .list(.choice("what people are alerted of") as TextForm<Settings.Incident>),
                        "cites": cites,
                    ]),
                "changes": .mapping(
                    PackReader.changesKeys,
                    [
                        "reference": Schema(
                            .choice("whether a change needs a reference") as TextForm<ReferenceUse>),
                        "confirm-within": Schema(PackReader.confirmation), "cites": cites,
                    ]),
                "always": .mapping(
                    Settings.Protection.allCases.map(\.rawValue),
                    Dictionary(
                        uniqueKeysWithValues: Settings.Protection.allCases.map {
                            ($0.rawValue, .list(.freeName))
                        })),
            ])
    }

    /// `30m`, or `{ after: 30m, cites: [..] }`.
    private static func valueOrMapping<Value>(_ form: TextForm<Value>, under key: String) -> Schema {
        .any([Schema(form), .mapping([key, "cites"], required: [key], [key: Schema(form), "cites": cites])])
    }

    private static var tenant: Schema {
        .mapping(
            PackReader.tenantKeys, required: ["organisation", "mfa"],
            ["about": text, "organisation": freeName, "mfa": within, "cites": cites])
    }

    private static var monitoring: Schema {
        let needed = Schema.requires(["dpia", "approved-by", "retention"])
        return Schema.mapping(
            PackReader.monitoringKeys, required: ["flows"],
            [
                "flows": Schema(.choice("whether flows are recorded") as TextForm<OnOff>),
                "dpia": freeName.described("The reference of the data protection impact assessment"),
                "approved-by": freeName, "retention": Schema(PackReader.flowRetention),
                "pseudonymous": Schema(TextForm<Bool>.boolean()), "cites": cites,
            ]
        ).adding(["allOf": .array([Schema.when("flows", is: ["on"], needed)])])
    }

    private static var audit: Schema {
        let checks = Schema.mapping(
            PackReader.spotChecksKeys, required: ["every", "sample"],
            [
                "every": Schema(PackReader.spotCheckInterval), "sample": Schema(PackReader.spotCheckSample),
                "cites": cites,
            ])
        return .mapping(
            PackReader.auditKeys,
            ["retention": Schema(PackReader.auditRetention), "spot-checks": checks, "cites": cites])
    }

    private static var policyClass: Schema {
        .mapping(
            PackReader.classKeys, required: ["name", "access"],
            [
                "name": Schema(TextForm<String>.newName), "when": conditions(ofSystem: false),
                "access": .list(.freeName).described("Names of systems, or none"), "cites": cites,
                "tell": text,
                "idle": Schema(TextForm<Duration>.idleTimeOrNone()),
            ])
    }

    static var vendorFile: Schema {
        let point = PackReader.point { ZoneClock.utc.first($0) }
        let contract = Schema.mapping(
            PackReader.contractKeys, required: ["reference", "from", "until", "sponsor"],
            [
                "reference": freeName, "from": Schema(point), "until": Schema(point), "sponsor": freeName,
                "zone": freeName,
            ])
        let certificate = Schema.mapping(
            PackReader.vendorCertificateKeys, required: ["authority", "organisation"],
            ["authority": .list(.freeName), "organisation": freeName])
        return .mapping(
            PackReader.vendorKeys, required: ["vendor", "certificate", "contract", "systems"],
            [
                "vendor": freeName, "about": text, "certificate": certificate, "contract": contract,
                "systems": .list(.freeName), "hours": hours, "mfa": within,
                "warn-before": Schema(TextForm<Duration>.duration()), "cites": cites, "tell": text,
                "idle": Schema(TextForm<Duration>.idleTimeOrNone()),
            ])
    }
}
