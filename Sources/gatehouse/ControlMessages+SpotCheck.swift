/// Spot checks, as the daemon and the command line say them.
extension ControlMessages {
    struct SpotCheckArguments: Codable {
        /// Nil for one that the daemon draws.
        var seed: String?
        /// How many sessions; nil for what the rules say.
        var sample: Int?
    }

    struct SpotCheck: Codable {
        var seed: String
        var at: String
        /// How often the rules ask for one, and for how many; nil when they do not.
        var asked: String?
        /// Every open session: what was drawn from.
        var from: [String]
        /// In the order in which they were drawn.
        var drawn: [DrawnSession]
    }

    struct DrawnSession: Codable {
        var session: String
        var user: String
        /// The inventory id; nil when the device is not on the register.
        var device: String?
        var `class`: String?
        /// The systems that it reaches.
        var scope: [String]
        var facts: [EvidenceFact]
    }
}
