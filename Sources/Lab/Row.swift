package import NetworkTypes

/// One line of the table: what is tried, and what must be seen.
package struct Row: Sendable, Hashable, Identifiable {
    /// A part of the demonstration; its rows are measured under one state of affairs.
    package enum Stage: String, Sendable, Hashable, CaseIterable {
        case withoutCode = "without-code"
        case unregistered
        case atWork = "at-work"
        case sameName = "same-name"
        case stolen
        case contractEnds = "contract-ends"
        case rulesApplied = "rules-applied"
        case rulesBack = "rules-back"
        case unprotected
        case putRight = "put-right"
        case notCompliant = "not-compliant"
        case compliant
        case revoked
        case revokedByPoll = "revoked-by-poll"
        case evidence
        case steppedUp = "stepped-up"
        case evidenceEnds = "evidence-ends"
        case roaming
        case notHanded = "not-handed"
        case certified
        case listOverdue = "list-overdue"
        case listRenewed = "list-renewed"
        case withdrawn
        case watched
        case alerted
        case daemonDead = "daemon-dead"
        case restarted
        case leasesOver = "leases-over"
        case audited

        /// What has happened, or happens: a line above its rows.
        package var title: String {
            switch self {
            case .withoutCode: "A good certificate, and no one-time code"
            case .unregistered: "A laptop that is not on the register"
            case .atWork: "A working day: an employee, another whose laptop will be stolen, a vendor"
            case .sameName: "A certificate of the vendor's authority, with the employee's name"
            case .stolen: "The laptop is reported lost, in the middle of a download"
            case .contractEnds: "The vendor's contract ends, in the middle of a download"
            case .rulesApplied:
                "Other rules are applied under a reference: finance is not for employees any more"
            case .rulesBack: "Nobody confirms them: the former rules come back by themselves"
            case .unprotected: "The employee's laptop reports that its disk is not encrypted"
            case .putRight: "It reports that it is"
            case .notCompliant: "The identity provider says that the laptop is not compliant"
            case .compliant: "It says that it is"
            case .revoked: "The identity provider revokes a session, in the middle of a download"
            case .revokedByPoll: "The same by a token that the gateway asks for"
            case .evidence: "Systems that need one thing each: it is told, and taken back, while packets flow"
            case .steppedUp: "A tenant's code, given in a live session"
            case .evidenceEnds: "The same things run out by themselves, each at its instant"
            case .roaming: "The laptop goes from one network to another"
            case .notHanded: "An authority wants the whole chain, and the VPN server hands nothing over"
            case .certified: "Certificates that say different things"
            case .listOverdue: "The authority's revocation list runs out"
            case .listRenewed: "It is renewed"
            case .withdrawn: "A certificate is withdrawn, in the middle of a download"
            case .watched: "The packet path sees what is wrong"
            case .alerted: "People hear of it"
            case .daemonDead: "The daemon is killed: who is in stays in, and nobody comes in"
            case .restarted: "It is started again"
            case .leasesOver: "It is killed for good: access runs out by itself"
            case .audited: "All of it is on record"
            }
        }
    }

    package enum Subject: Sendable, Hashable {
        case login
        case reach(Target)
        /// A system that asks for one thing.
        case rung(Rung)
        /// A download that is running when something happens.
        case download
        /// What is said of a running download before rules are changed.
        case plan
        /// The daemon's own list of sessions.
        case listing
        /// Packets with an inner source that is no session's.
        case spoofedSource
        /// A rule that somebody else puts into the kernel's table, by which a packet gets out.
        case ruleByHand
        /// Knocking at many doors inside, in both families.
        case scan
        /// A session in which nothing passes any more.
        case silence
        /// Live sessions drawn by lot.
        case spotCheck
        /// What people are told of this.
        case alert(AlertTopic)
        /// What a transmitter that is asked hears of its token.
        case acknowledgement
        /// The record of all that was decided and done.
        case record
        /// A copy of it in which one bit is another.
        case editedRecord
        /// The record of who sent how much where.
        case flows
    }

    package enum Expectation: String, Sendable, Hashable {
        case reached
        case refused
        case loggedIn = "logged in"
        case turnedAway = "login refused"
        case stopsAtOnce = "0 bytes after the cut"
        case stopsOnTime = "stops at the end"
        case onlyWhileTold = "only while it holds"
        case onlyWhileItCounts = "from the code to its end"
        case drawnAlike = "drawn alike"
        case onlyInItsPlaces = "in its places only"
        case goesOn = "goes on"
        case named = "named beforehand"
        case listed
        case reported = "dropped, reported"
        case alarm
        case quarantined
        case ended
        case keptBefore = "kept before it is said"
        case told = "told, with its clause"
        case toldLater = "told once it is back"
        case whole
        case broken = "broken, line named"
        case recorded = "on the flow record"
    }

    package let stage: Stage
    package let actor: Actor
    package let subject: Subject
    /// Nil where the family has no say: for what happens to a session as a whole.
    package let family: AddressFamily?
    package let expected: Expectation

    /// Unique in the table, and stable: scripts that read the JSON go by it.
    package var id: String {
        ([stage.rawValue, actor.rawValue, subjectName] + (family.map { ["\($0)".lowercased()] } ?? []))
            .joined(separator: "/")
    }

    package var who: String { actor.title }

    package var whereTo: String {
        let place =
            switch subject {
            case .login: "VPN login"
            case .reach(let target): target.title
            case .rung(let rung): "needs \(rung.id)"
            case .download: downloadTitle
            case .plan: "plan of the new rules"
            case .listing: "list of sessions"
            case .spoofedSource: "crm, source spoofed"
            case .ruleByHand: "finance:8443, rule by hand"
            case .scan: "scan of 40 doors"
            case .silence: "session left alone"
            case .spotCheck: "spot check, one seed twice"
            case .alert(let topic): "alert: \(topic.rawValue)"
            case .acknowledgement: "token asked for, its ack"
            case .record: "audit record"
            case .editedRecord: "audit record, one bit edited"
            case .flows: "flows to crm"
            }
        return place + (family.map { " (\($0))" } ?? "")
    }

    private var downloadTitle: String {
        switch stage {
        case .stolen: "download, reported lost"
        case .revoked: "download, session revoked"
        case .revokedByPoll: "download, revoked by poll"
        case .contractEnds: "download, contract ends"
        case .rulesApplied: "download, rules applied"
        case .daemonDead: "download, daemon killed"
        case .restarted: "download, daemon restarted"
        case .evidenceEnds: "download, others end"
        case .listOverdue: "download, list overdue"
        case .withdrawn: "download, one withdrawn"
        default: "download"
        }
    }

    private var subjectName: String {
        switch subject {
        case .login: "login"
        case .reach(let target): target.rawValue
        case .rung(let rung): rung.id
        case .download: "download"
        case .plan: "plan"
        case .listing: "listing"
        case .spoofedSource: "spoofed-source"
        case .ruleByHand: "rule-by-hand"
        case .scan: "scan"
        case .silence: "silence"
        case .spotCheck: "spot-check"
        case .alert(let topic): "alert-\(topic.rawValue)"
        case .acknowledgement: "acknowledgement"
        case .record: "record"
        case .editedRecord: "edited-record"
        case .flows: "flows"
        }
    }
}
