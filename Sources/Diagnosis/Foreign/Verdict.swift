import RulesetCompiler

extension ForeignJudgement {
    /// What follows for sessions from something that may happen to their packets; nil for nothing.
    struct Verdict {
        var check: Check
        var level: Finding.Level
        /// What stands before the packets, and what after them.
        var says: String
        var tail = ""
        var why: String
        private var advice: Advice

        private enum Advice {
            case acceptTunnels
            case leaveTunnelsOut(of: String)
        }

        init?(_ event: ChainWalk.Hit.Event, _ hook: ForeignTables.Hook, isCertain: Bool) {
            switch event {
            case .drop, .effect(.reject), .effect(.takeAway):
                self.init(
                    .foreignDrop, isCertain ? .problem : .warning,
                    Self.ending(event, isCertain: isCertain),
                    why: "what the rules permit does not pass then, and sessions see no error of ours",
                    .acceptTunnels)
            case .unread(let name):
                self.init(
                    .foreignDrop, .warning, "uses '\(name)', which was not read to its end and may drop",
                    why: "what the rules permit may not pass", .acceptTunnels)
            case .effect(let effect): self.init(effect, hook)
            }
        }

        private init(
            _ check: Check, _ level: Finding.Level, _ says: String, tail: String = "", why: String,
            _ advice: Advice
        ) {
            self.check = check
            self.level = level
            self.says = says
            self.tail = tail
            self.why = why
            self.advice = advice
        }

        private static func ending(_ event: ChainWalk.Hit.Event, isCertain: Bool) -> String {
            let verb =
                switch event {
                case .effect(.reject): ("rejects", "may reject")
                case .effect: ("takes away", "may take away")
                case .drop, .unread: ("drops", "may drop")
                }
            return isCertain ? verb.0 : verb.1
        }

        private init?(_ effect: ForeignTables.Effect, _ hook: ForeignTables.Hook) {
            switch effect {
            case .reject, .takeAway: return nil
            case .offload:
                self.init(
                    .foreignOffload, .problem, "offloads", why: ForeignJudgement.offloadWhy,
                    .leaveTunnelsOut(of: "the rule that adds flows"))
            case .noTracking:
                // Connection tracking stands at -200 of prerouting and output; after it there is nothing to prevent.
                guard [.prerouting, .output].contains(hook.point), hook.priority < Self.trackingPriority
                else {
                    return nil
                }
                self.init(
                    .foreignTracking, .problem, "keeps", tail: " from being tracked",
                    why:
                        "datagrams of servers reach a session only as answers, which connection tracking knows",
                    .leaveTunnelsOut(of: "the rule"))
            case .setZone:
                guard [.prerouting, .output].contains(hook.point) else { return nil }
                self.init(
                    .foreignTracking, .problem, "puts", tail: " into another zone of connection tracking",
                    why:
                        "an answer in another zone than its question is no answer, and datagrams to sessions are refused",
                    .leaveTunnelsOut(of: "the rule"))
            case .setMark: self.init(markAt: hook)
            case .rewriteSource:
                guard [.postrouting, .input].contains(hook.point) else { return nil }
                self.init(
                    .foreignNAT, .problem, "may rewrite the source of",
                    why:
                        "servers then see the gateway instead of the session, and TCP, which is not tracked, goes "
                        + "unrewritten: one half works and the other does not",
                    .leaveTunnelsOut(of: "the rule"))
            case .rewriteDestination:
                guard [.prerouting, .output].contains(hook.point) else { return nil }
                self.init(
                    .foreignNAT, .warning, "may rewrite the destination of",
                    why:
                        "datagrams are then judged by where they really go, and TCP, which is not tracked, is not "
                        + "rewritten at all",
                    .leaveTunnelsOut(of: "the rule"))
            case .proxy:
                self.init(
                    .foreignProxy, .problem, "may hand", tail: " to a proxy of the gateway",
                    why:
                        "the packet is then the gateway's own, and what the proxy asks of servers is no session's",
                    .leaveTunnelsOut(of: "the rule"))
            }
        }

        /// Our chains set the mark at priority 0 of forward, input and output; the guard takes it away at -1 and asks for
        /// it at 1.
        private init?(markAt hook: ForeignTables.Hook) {
            switch hook.point {
            case .forward, .input, .output:
                guard (-1...1).contains(hook.priority) else { return nil }
                self.init(
                    .foreignMark, .problem, "writes the mark of",
                    why:
                        "the mark is how our table tells the guard table behind it what it has passed: the guard drops "
                        + "packets whose mark was overwritten",
                    .leaveTunnelsOut(of: "the rule"))
            case .prerouting:
                self.init(
                    .foreignMark, .warning, "writes the mark of",
                    why:
                        "routing by it works, but in forward our table writes its own: whoever asks for the mark after "
                        + "that finds ours",
                    .leaveTunnelsOut(of: "the rule"))
            case .postrouting, .ingress, .egress: return nil
            }
        }

        /// NF_IP_PRI_CONNTRACK of linux/netfilter_ipv4.h.
        private static let trackingPriority: Int32 = -200

        func remedy(
            _ table: ForeignTables.Table, _ base: ForeignTables.Chain, _ tunnels: [String]
        ) -> String {
            switch advice {
            case .leaveTunnelsOut(let what):
                return "leave packets of \(list(tunnels)) out of \(what), or remove it"
            case .acceptTunnels:
                let place = "nft insert rule \(table.family) \(table.name) \(base.name)"
                let commands = TrafficClass.all(
                    base.hook?.point ?? .forward, tunnels: tunnels, devices: base.hook?.devices ?? []
                ).compactMap { traffic in
                    traffic.input.map { "\(place) iifname \"\($0)\" accept" }
                        ?? traffic.output.map { "\(place) oifname \"\($0)\" accept" }
                }
                // Whoever makes a table chooses its name, and people type what they are told.
                let isPlain = (table.name + base.name + tunnels.joined()).unicodeScalars.allSatisfy {
                    $0.isASCII
                        && ($0.properties.isAlphabetic || $0.properties.numericType != nil
                            || "_-.".unicodeScalars.contains($0))
                }
                guard !commands.isEmpty, isPlain else {
                    return "accept there what comes from and goes to \(list(tunnels))"
                }
                return "let it accept packets of tunnels, which gatehouse judges all the same: "
                    + commands.joined(separator: "; ")
            }
        }
    }
}
