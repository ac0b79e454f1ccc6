import Sessions

/// `systems.yaml`, `authorities.yaml`, `offices.yaml`, `clauses.yaml` and `properties.yaml`.
extension RuleFileSchema {
    private static func file(_ key: String, _ value: Schema) -> Schema {
        .mapping([key], required: [key], [key: value])
    }

    static var systemsFile: Schema {
        let label = Schema.mapping(
            PackReader.labelKeys, required: ["remote"],
            ["about": text, "remote": Schema(.choice("what may be done from afar") as TextForm<RemoteUse>)])
        let system = Schema.mapping(
            PackReader.systemKeys, required: ["addresses", "services"],
            [
                "about": text, "addresses": .list(.addressesText), "services": .list(.service()),
                "needs": conditions(ofSystem: true).described("What is asked beyond what its class asks"),
                "label": freeName, "tenant": freeName,
            ])
        return .mapping(
            ["labels", "systems"], required: ["systems"],
            ["labels": .names(.newName, to: label), "systems": .names(.newName, to: system)])
    }

    static var authoritiesFile: Schema {
        let withdrawal: TextForm<Authority.Revocation> = .choice("what withdrawal means")
        let authority = Schema.mapping(
            PackReader.authorityKeys,
            [
                "about": text, "digest": .list(.digest()), "digests": .list(.digest()),
                "certificate": .list(.certificate), "chain": .word("required"),
                "revocation": Schema(withdrawal),
                "crl": .list(.absolutePath), "ocsp": Schema(TextForm<String>.webAddress),
            ]
        ).requiringOne(of: ["digest", "digests", "certificate"])
            .adding([
                "dependentRequired": .object([.init(key: "chain", value: .array([.string("certificate")]))]),
                "allOf": .array([
                    Schema.when(
                        "revocation",
                        is: Authority.Revocation.allCases.filter { $0 != .none }.map(\.rawValue),
                        .any([.requires(["crl"]), .requires(["ocsp"])]))
                ]),
            ])
        return file("authorities", .names(.newName, to: authority))
    }

    static var officesFile: Schema { file("offices", .names(.newName, to: .list(.networkText))) }

    static var clausesFile: Schema {
        let clause = Schema.mapping(
            PackReader.clauseKeys, required: ["title"],
            [
                "title": text, "document": text,
                "kind": Schema(.choice("what becomes of the clause") as TextForm<Clause.Kind>),
                "because": text,
                "controls": .list(.control, atLeast: 0),
            ]
        ).adding([
            "allOf": .array([
                Schema.when("kind", is: [Clause.Kind.outOfReach.rawValue], .requires(["because"]))
            ])
        ])
        return file("clauses", .names(.freeName, to: clause))
    }

    static var propertiesFile: Schema {
        let mustNever = Schema.mapping(
            PackReader.mustNeverKeys, required: ["reach"],
            [
                "class": Schema(TextForm<TextPattern>.classPattern), "when": conditions(ofSystem: false),
                "reach": Schema.list(.freeName, atLeast: 0).described("Names of systems or labels, or any"),
                "because": text, "cites": cites,
            ])
        return .mapping(
            PackReader.propertiesKeys,
            [
                "without-mfa": .list(.freeName, atLeast: 0), "personal-data": .list(.freeName, atLeast: 0),
                "one-family": .list(.freeName, atLeast: 0), "must-never": .items(mustNever),
            ])
    }
}
