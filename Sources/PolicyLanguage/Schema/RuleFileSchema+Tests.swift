import Evidence
import NetworkTypes
import Sessions

/// `tests/*.yaml`.
extension RuleFileSchema {
    static var testsFile: Schema {
        // A mapping is what its keys say, as the reader has it: errors are then about that, and not about all three.
        let other = Schema([
            "if": Schema.requires(["each"]).value, "then": table.value, "else": test.value,
        ])
        let one = Schema([
            "type": .string("object"), "if": Schema.requires(["setting"]).value, "then": settingTest.value,
            "else": other.value,
        ])
        return .mapping(["tests"], required: ["tests"], ["tests": .items(one)])
    }

    private static var expectations: [String: Schema] {
        let target = TextForm<String>(PackReader.expectedTarget, TextForm<String>.freeName.schema, { $0 })
        return [
            "at": Schema(TextForm<Instant>.timestamp()),
            "class": freeName.described("The class that is expected, or none"),
            "reaches": .list(target, atLeast: 0), "refused": .list(target, atLeast: 0), "because": text,
            "until": Schema(TextForm<Instant>.timestamp()), "cites": cites,
        ]
    }

    private static var test: Schema {
        .mapping(PackReader.testKeys, required: ["name", "at", "session"], testValues)
    }

    private static var testValues: [String: Schema] {
        expectations.merging(["name": freeName, "session": .reference("session")]) { own, _ in own }
    }

    private static var table: Schema {
        let with = Schema.mapping(
            SessionReader.keys,
            Dictionary(
                uniqueKeysWithValues: SessionReader.keys.map { key in
                    (key, .any([.word("none"), .reference("session/properties/\(key)")]))
                }))
        let line = Schema.mapping(
            PackReader.lineKeys, required: ["as"],
            expectations.merging(["as": freeName, "with": with]) { own, _ in own })
        return Schema.mapping(
            PackReader.testKeys + ["each"], required: ["name", "each"],
            testValues.merging(["each": .items(line, atLeast: 1)]) { own, _ in own }
        ).adding(["allOf": .array([inAllLines("at", unless: "at"), inAllLines("with", unless: "session")])])
    }

    /// Each line has a key, unless the table has what makes up for it.
    private static func inAllLines(_ key: String, unless common: String) -> JSONValue {
        let lines = Schema.items(.requires([key]))
        let each = Schema(["properties": .object([.init(key: "each", value: lines.value)])])
        return Schema(["if": Schema(["not": Schema.requires([common]).value]).value, "then": each.value])
            .value
    }

    private static var settingTest: Schema {
        let values = Setting.allCases.map { setting in
            let value = Schema.any([.word("none"), .list(setting.form, atLeast: 0)])
            let property = Schema(["properties": .object([.init(key: "is", value: value.value)])])
            return Schema.when("setting", is: [setting.rawValue], property)
        }
        return Schema.mapping(
            PackReader.settingTestKeys, required: ["name", "setting", "is"],
            [
                "name": freeName, "cites": cites, "is": Schema([:]),
                "setting": Schema(["enum": .array(Setting.allCases.map { .string($0.rawValue) })]),
            ]
        ).adding(["allOf": .array(values)])
    }

    // MARK: Sessions

    static var session: Schema { .mapping(SessionReader.keys, sessionValues) }

    private static var sessionValues: [String: Schema] {
        let revocation: TextForm<SessionDescription.Revocation> = .choice("an answer")
        return [
            "certificate": .any([freeName, certificate]), "organisation": freeName,
            "revocation": Schema(revocation), "device": .any([freeName, line(.device)]),
            "user": .any([freeName, line(.user)]), "loans": .items(line(.loan)),
            "approvals": .items(
                line(.approval).requiring(["kind"]).adding(["allOf": .array(approvalNeeds)])),
            "mfa": Schema(SessionReader.codeAge),
            "tenant-mfa": .names(.freeName, to: Schema(SessionReader.codeAge)), "client": client,
            "posture": posture, "outer": Schema(TextForm<IPAddress>.address),
            "country": Schema(TextForm<CountryCode>.countryCode()), "behaviour": behaviour,
            "withdrawn": Schema(TextForm<Bool>.boolean()),
        ]
    }

    private static var certificate: Schema {
        let names = Schema.list(.freeName, atLeast: 0)
        return .mapping(
            ConditionReader.certificateKeys, required: ["authority"],
            [
                "authority": freeName, "subject": .names(.attributeType, to: names), "email": names,
                "uri": names,
                "dns": names, "upn": names, "extension": .names(.objectIdentifier, to: freeName),
            ])
    }

    /// What a register has on a line; the rest is the session's.
    private static func line(_ kind: RegisterKind) -> Schema {
        var values = fields(kind)
        values[kind.keyName] = freeName
        return .mapping([kind.keyName] + kind.fields.map(\.name), values)
    }

    private static var client: Schema {
        .mapping(
            ConditionReader.clientKeys,
            ["platform": freeName, "version": freeName, "split-tunnel": Schema(TextForm<Bool>.boolean())])
    }

    private static var posture: Schema {
        let age = Schema(TextForm<Duration>.duration())
        return .mapping(
            SessionReader.postureKeys,
            [
                "antivirus": age, "patches": age, "disk-encryption": Schema(SessionReader.onOff),
                "firewall": Schema(SessionReader.onOff), "screen-lock": Schema(SessionReader.lock),
                "seen": age,
            ])
    }

    private static var behaviour: Schema {
        let kinds = Behaviour.allCases.map(\.rawValue)
        let ages = kinds.map { ($0, Schema(TextForm<Duration>.duration())) }
        return .any([
            .list(.behaviour(), atLeast: 0), .mapping(kinds, Dictionary(uniqueKeysWithValues: ages)),
        ])
    }
}
