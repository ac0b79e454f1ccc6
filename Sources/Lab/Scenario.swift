import NetworkTypes

/// The whole demonstration as a table.
package enum Scenario {
    /// In the order in which they are measured.
    package static let rows: [Row] = Row.Stage.allCases.flatMap(rows)

    package static func rows(of stage: Row.Stage) -> [Row] {
        switch stage {
        case .withoutCode:
            login(stage, .employeeWithoutCode, .loggedIn)
                + reach(stage, .employeeWithoutCode, .reached, [.portal])
                + reach(stage, .employeeWithoutCode, .refused, [.crm, .internetByProxy])
        case .unregistered: login(stage, .unregistered, .turnedAway)
        case .atWork: atWork
        case .sameName:
            // Whether the login is refused or only worthless is the daemon's choice; that it costs the employee
            // nothing and gains the vendor nothing is not.
            reach(stage, .impostor, .refused, [.crm]) + reach(stage, .employee, .reached, [.crm])
        case .stolen: both(stage, .thief, .download, .stopsAtOnce) + login(stage, .thief, .turnedAway)
        case .contractEnds:
            both(stage, .vendor, .download, .stopsOnTime) + reach(stage, .vendor, .refused, [.finance])
        case .rulesApplied:
            both(stage, .employee, .plan, .named) + both(stage, .employee, .download, .stopsAtOnce)
                + reach(stage, .employee, .refused, [.finance]) + reach(stage, .employee, .reached, [.crm])
        case .rulesBack: reach(stage, .employee, .reached, [.finance])
        case .unprotected, .notCompliant:
            reach(stage, .employee, .refused, [.crm, .finance]) + reach(stage, .employee, .reached, [.portal])
        case .putRight, .compliant: reach(stage, .employee, .reached, [.crm, .finance])
        case .revoked: both(stage, .colleague, .download, .stopsAtOnce)
        case .revokedByPoll:
            both(stage, .parks, .download, .stopsAtOnce)
                + [
                    Row(
                        stage: stage, actor: .parks, subject: .acknowledgement, family: nil,
                        expected: .keptBefore)
                ]
        case .evidence:
            login(stage, .assessed, .loggedIn) + rungs(stage, Rung.told, .onlyWhileTold)
        case .steppedUp:
            rungs(stage, [Rung.proved], .onlyWhileItCounts)
                + [
                    Row(
                        stage: stage, actor: .assessed, subject: .spotCheck, family: nil,
                        expected: .drawnAlike)
                ]
        case .evidenceEnds:
            rungs(stage, Rung.told.filter(\.isTimed), .stopsOnTime)
                + both(stage, .assessed, .download, .goesOn)
        case .roaming:
            rungs(stage, [Rung.travel], .onlyWhileTold) + rungs(stage, Rung.placed, .onlyInItsPlaces)
        case .notHanded: login(stage, .depot, .turnedAway)
        case .certified: certified
        case .listOverdue:
            rungs(stage, Rung.certified, .stopsOnTime, .housing) + both(stage, .housing, .download, .goesOn)
        case .listRenewed: rungs(stage, Rung.certified, .reached, .housing)
        case .withdrawn:
            both(stage, .housing, .download, .stopsAtOnce) + both(stage, .parks, .download, .goesOn)
                + login(stage, .housing, .turnedAway)
        case .watched: watched
        case .alerted: alerted
        case .daemonDead:
            reach(stage, .employee, .reached, [.crm]) + login(stage, .colleague, .turnedAway)
                + both(stage, .employee, .download, .goesOn)
        case .restarted:
            both(stage, .employee, .listing, .listed) + both(stage, .employee, .download, .goesOn)
                + reach(stage, .employee, .reached, [.finance]) + login(stage, .colleague, .loggedIn)
        case .leasesOver: reach(stage, .employee, .refused, [.crm])
        case .audited:
            [
                Row(stage: stage, actor: .employee, subject: .record, family: nil, expected: .whole),
                Row(stage: stage, actor: .employee, subject: .editedRecord, family: nil, expected: .broken),
            ] + both(stage, .employee, .flows, .recorded)
        }
    }

    private static var atWork: [Row] {
        let stage = Row.Stage.atWork
        return login(stage, .employee, .loggedIn) + login(stage, .thief, .loggedIn)
            + login(stage, .vendor, .loggedIn)
            + reach(stage, .employee, .reached, [.crm, .finance, .portal, .resolver, .internetByProxy])
            + reach(
                stage, .employee, .refused,
                [.internetWeb, .internetQUIC, .internetPing, .internetResolver, .gateway, .otherSession])
            + reach(stage, .vendor, .reached, [.finance])
            + reach(stage, .vendor, .refused, [.crm, .internetWeb, .internetByProxy])
    }

    /// Certificates that say different things, and some that say the right ones in vain.
    private static var certified: [Row] {
        let stage = Row.Stage.certified
        return login(stage, .depot, .loggedIn) + login(stage, .lookalike, .turnedAway)
            + [Actor.housing, .parks].flatMap { actor in
                login(stage, actor, .loggedIn)
                    + Rung.certified.flatMap { rung in
                        both(stage, actor, .rung(rung), rung.holds(for: actor.device) ? .reached : .refused)
                    }
            }
    }

    /// What the packet path sees, and what comes of it.
    private static var watched: [Row] {
        let stage = Row.Stage.watched
        let session = { (subject: Row.Subject, expected: Row.Expectation) in
            Row(stage: stage, actor: .colleague, subject: subject, family: nil, expected: expected)
        }
        return both(stage, .employee, .ruleByHand, .alarm) + login(stage, .colleague, .loggedIn)
            + both(stage, .colleague, .spoofedSource, .reported) + [session(.scan, .quarantined)]
            + reach(stage, .colleague, .refused, [.crm]) + reach(stage, .colleague, .reached, [.portal])
            + [session(.silence, .ended)]
    }

    /// What people hear of it: at once, or when the web server that hears it is back.
    private static var alerted: [Row] {
        let stage = Row.Stage.alerted
        return login(stage, .parks, .loggedIn)
            + AlertTopic.allCases.map { topic in
                let actor: Actor =
                    switch topic {
                    case .disagreement, .drift: .employee
                    case .spoofing, .scan: .colleague
                    case .cutAbroad, .refusedAbroad: .parks
                    }
                return Row(
                    stage: stage, actor: actor, subject: .alert(topic), family: nil,
                    expected: AlertTopic.whileDown.contains(topic) ? .toldLater : .told)
            }
    }

    private static func login(_ stage: Row.Stage, _ actor: Actor, _ expected: Row.Expectation) -> [Row] {
        [Row(stage: stage, actor: actor, subject: .login, family: nil, expected: expected)]
    }

    private static func reach(
        _ stage: Row.Stage, _ actor: Actor, _ expected: Row.Expectation, _ targets: [Target]
    ) -> [Row] {
        targets.flatMap { both(stage, actor, .reach($0), expected) }
    }

    private static func rungs(
        _ stage: Row.Stage, _ rungs: [Rung], _ expected: Row.Expectation, _ actor: Actor = .assessed
    ) -> [Row] {
        rungs.flatMap { both(stage, actor, .rung($0), expected) }
    }

    private static func both(
        _ stage: Row.Stage, _ actor: Actor, _ subject: Row.Subject, _ expected: Row.Expectation
    ) -> [Row] {
        AddressFamily.allCases.map { family in
            Row(stage: stage, actor: actor, subject: subject, family: family, expected: expected)
        }
    }
}
