import Evidence
import Sessions

/// What stands under `when` and `needs`.
extension RuleFileSchema {
    /// - Parameter ofSystem: what a system needs: no behaviour, and no unregistered device.
    static func conditions(ofSystem: Bool) -> Schema {
        let keys = ConditionReader.keys.filter { !ofSystem || $0 != "behaviour" }
        var values: [String: Schema] = [
            "certificate": .any([.list(.freeName), certificate]), "organisation": freeName,
            "device": device(ofSystem: ofSystem), "posture": posture, "client": client, "mfa": within,
            "hours": hours,
            "user": .any([.list(.freeName), user]), "group": .list(.freeName),
            "approval": approval(ofSystem: ofSystem), "country": .list(.countryCode()),
            "office": Schema.list(.freeName).described("Names of offices, or any"),
        ]
        if !ofSystem { values["behaviour"] = behaviour }
        return .mapping(keys, values)
    }

    private static var certificate: Schema {
        .mapping(
            ConditionReader.certificateKeys, required: ["authority"],
            [
                "authority": .list(.freeName),
                "subject": .names(.attributeType, atLeast: 1, to: .list(.pattern)),
                "email": .list(.pattern), "uri": .list(.pattern), "dns": .list(.pattern),
                "upn": .list(.pattern),
                "extension": .names(.objectIdentifier, atLeast: 1, to: .list(.pattern)),
            ])
    }

    private static func device(ofSystem: Bool) -> Schema {
        let statuses = Schema.list(.choice("a status") as TextForm<DeviceStatus>)
        let parts = Schema.mapping(
            ConditionReader.deviceKeys, atLeast: 1,
            [
                "status": statuses, "kind": .list(.choice("a kind of device") as TextForm<DeviceKind>),
                "managed": Schema(TextForm<Bool>.boolean()), "organisation": .list(.freeName),
                "owner": Schema(TextForm<String>.thisUser), "loan": Schema(TextForm<String>.thisUser),
                "on-site": within,
            ])
        return .any((ofSystem ? [] : [.word("unregistered")]) + [statuses, parts])
    }

    private static var user: Schema {
        .mapping(
            ConditionReader.userKeys, atLeast: 1,
            [
                "name": .list(.freeName), "organisation": .list(.freeName), "steps": .list(.freeName),
                "acknowledged": within,
            ])
    }

    private static var posture: Schema {
        let seen = Schema.any([Schema(TextForm<String>.on), within])
        let lock = Schema.mapping(
            ["at-most", "within"], required: ["at-most"],
            ["at-most": Schema(ConditionReader.minutes), "within": Schema(TextForm<Duration>.duration())])
        return .mapping(
            ConditionReader.postureKeys, atLeast: 1,
            [
                "antivirus": within, "patches": within, "disk-encryption": seen, "firewall": seen,
                "screen-lock": lock,
            ])
    }

    private static var client: Schema {
        let version = Schema.mapping(
            ["at-least"], required: ["at-least"],
            ["at-least": numberOrText(TextForm<ClientVersion>.clientVersion)])
        return .mapping(
            ConditionReader.clientKeys, atLeast: 1,
            [
                "platform": .list(.choice("what the client runs on") as TextForm<ClientPlatform>),
                "version": version, "split-tunnel": Schema(TextForm<String>.refused),
            ])
    }

    /// `2.6` is a number to programs that read YAML.
    private static func numberOrText<Value>(_ form: TextForm<Value>) -> Schema {
        .any([Schema(["type": .string("number"), "minimum": .number(0)]), Schema(form)])
    }

    private static func approval(ofSystem: Bool) -> Schema {
        let words = ["remote-working", "travel"] + (ofSystem ? ["system"] : [])
        let exception = Schema.mapping(["exception"], required: ["exception"], ["exception": freeName])
        let one = Schema.any([Schema(["enum": .array(words.map(JSONValue.string))]), exception])
        return .any([one, .items(one, atLeast: 1)])
    }

    static var hours: Schema {
        .mapping(
            ConditionReader.hoursKeys, required: ConditionReader.hoursKeys,
            [
                "days": .list(.weekdays()), "from": Schema(TextForm<Int>.timeOfDay()),
                "to": Schema(TextForm<Int>.timeOfDay()), "zone": freeName,
            ])
    }

    private static var behaviour: Schema {
        let within = Schema.mapping(
            ["within"], required: ["within"], ["within": Schema(ConditionReader.memory)])
        let kinds = Behaviour.allCases.map(\.rawValue)
        let parts = Schema.mapping(
            kinds, atLeast: 1, Dictionary(uniqueKeysWithValues: kinds.map { ($0, within) }))
        return .any([.list(.behaviour()), parts])
    }
}
