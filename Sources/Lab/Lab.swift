/// The demonstration of gatehouse at work: real VPN clients, a real VPN server and the real daemon, in network
/// namespaces that the lab makes and removes.
///
/// It knows the daemon as an administrator does, by its command line and its control socket alone, and judges by what
/// arrives at the far end of a connection; so nothing that the daemon believes of itself can make a row come out right.
package enum Lab {
    /// What the caller chooses.
    package struct Options: Sendable {
        /// The `gatehouse` executable: it is started as the daemon and asked as the control command.
        package var executablePath: String
        /// `gatehouse-hand-over`, which the VPN server runs for each certificate. Looked for beside the executable.
        package var helperPath: String {
            executablePath.prefix(through: executablePath.lastIndex(of: "/") ?? executablePath.startIndex)
                + "gatehouse-hand-over"
        }
        /// A pack of rule files, or a folder that holds one named `default`. It is copied, never changed.
        package var rulesDirectory: String
        /// Leave everything running at the end, and say how to look around.
        package var keep: Bool
        /// Print one JSON document at the end in place of the table.
        package var json: Bool
        /// Colour the table. The caller knows whether standard output is a terminal.
        package var colour: Bool
        /// Only remove what an earlier run left behind.
        package var clean: Bool
        /// In place of the demonstration: how many laptops to report lost; nil for none.
        package var cuts: Int?
        /// In place of the demonstration: how many sessions to revoke by tokens; nil for none.
        package var signals: Int?
        /// In place of the demonstration: these faults, one after another; empty for none.
        package var faults: [Fault]
        /// In place of the demonstration: faults by lot for so long, of `faults` or of all; nil for none.
        package var soak: Duration?
        /// The lot's seed.
        package var seed: UInt64
        /// Whether faults are what it is about.
        var letsThingsGoWrong: Bool { soak != nil || !faults.isEmpty }

        package init(
            executablePath: String, rulesDirectory: String, keep: Bool = false, json: Bool = false,
            colour: Bool = false, clean: Bool = false, cuts: Int? = nil, signals: Int? = nil,
            faults: [Fault] = [], soak: Duration? = nil, seed: UInt64 = 1
        ) {
            self.executablePath = executablePath
            self.rulesDirectory = rulesDirectory
            self.keep = keep
            self.json = json
            self.colour = colour
            self.clean = clean
            self.cuts = cuts
            self.signals = signals
            self.faults = faults
            self.soak = soak
            self.seed = seed
        }
    }

    /// How a run ended, as the process's exit status.
    package enum Status: Int32, Sendable {
        /// Every row of the table came out as expected.
        case allAsExpected = 0
        /// At least one row differs, or was not measured.
        case someDiffer = 1
        /// The lab could not run: a program or a right is missing, another lab runs, or it was interrupted.
        case couldNotRun = 2
    }

    /// Runs the demonstration and removes it again, and returns the exit status. Needs root.
    ///
    /// SIGINT and SIGTERM end it early and tidily; what cannot be tidied (SIGKILL) the next run finds and removes.
    /// One lab at a time on a machine: the names of its namespaces are fixed.
    package static func run(_ options: Options) async -> Int32 {
        let printer = Printer(json: options.json, colour: options.colour)
        do {
            let site = Site()
            if options.clean {
                try await site.removeLeftovers(evenKept: true)
                printer.note("removed")
                return Status.allAsExpected.rawValue
            }
            return try await Interruption.cancelling {
                try await perform(options, at: site, printer: printer).rawValue
            }
        } catch {
            printer.failure(error)
            return Status.couldNotRun.rawValue
        }
    }

    private static func perform(_ options: Options, at site: Site, printer: Printer) async throws -> Status {
        try Prerequisites.check(helper: options.helperPath, forFaults: options.letsThingsGoWrong)
        let pack = try RulePack.find(in: options.rulesDirectory)
        try await site.claim()
        let demonstration = Demonstration(options: options, pack: pack, site: site, printer: printer)
        do {
            if let count = options.cuts {
                let trials = try await demonstration.cutTrials(count)
                try await finish(demonstration, keep: options.keep, printer: printer)
                printer.finish(trials)
                return trials.isClean ? .allAsExpected : .someDiffer
            }
            if let count = options.signals {
                let trials = try await demonstration.signalTrials(count)
                try await finish(demonstration, keep: options.keep, printer: printer)
                printer.finish(trials)
                return trials.isClean ? .allAsExpected : .someDiffer
            }
            if let report = try await faults(options, demonstration) {
                try await finish(demonstration, keep: options.keep, printer: printer)
                printer.finish(report)
                return report.allAsExpected ? .allAsExpected : .someDiffer
            }
            let report = try await demonstration.perform()
            try await finish(demonstration, keep: options.keep, printer: printer)
            printer.finish(report)
            return report.allMatch ? .allAsExpected : .someDiffer
        } catch {
            // The task may be cancelled by now; taking down must not be.
            await Task { try? await finish(demonstration, keep: false, printer: printer) }.value
            throw error
        }
    }

    private static func faults(
        _ options: Options, _ demonstration: Demonstration
    ) async throws -> FaultReport? {
        if let time = options.soak {
            let chosen = options.faults.isEmpty ? Fault.allCases : options.faults
            return try await demonstration.soak(for: time, seed: options.seed, among: chosen)
        }
        return options.faults.isEmpty ? nil : try await demonstration.faults(options.faults)
    }

    private static func finish(_ demonstration: Demonstration, keep: Bool, printer: Printer) async throws {
        if keep {
            try demonstration.site.markKept()
            printer.howToLookAround(demonstration.site)
        } else {
            await demonstration.children.endAll()
            try await demonstration.site.remove()
        }
    }
}
