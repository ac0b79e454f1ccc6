import ControlAPI

/// Everything that can be asked of the daemon: one row each. From here come routing, the check of roles, the served document,
/// and what the command line and the reference page know.
enum ControlOperations {
    typealias Row<Arguments: Codable, Answer: Codable> = TypedOperation<Arguments, Answer>

    // MARK: Looking

    static let who = Row<ControlMessages.Nothing, ControlMessages.Who>(
        "who", .get, "/v1/who", .viewer, "Say who the daemon takes the caller for, and what they may do")
    static let sessions = Row<ControlMessages.Nothing, ControlMessages.SessionList>(
        "sessions", .get, "/v1/sessions", .viewer, "List the sessions, and what keeps people out")
    static let explain = Row<ControlMessages.ExplainArguments, ControlMessages.Explanation>(
        "explain", .get, "/v1/explanation", .viewer,
        "Say why a session reaches what it reaches, and whether it reaches a destination",
        failures: ["not-found", "bad-request"])
    static let evidence = Row<ControlMessages.SessionArgument, ControlMessages.EvidenceList>(
        "evidence", .get, "/v1/evidence", .viewer, "List the facts that are known about a session",
        failures: ["not-found"])
    static let spotCheck = Row<ControlMessages.SpotCheckArguments, ControlMessages.SpotCheck>(
        "spot-check", .get, "/v1/spot-check", .viewer,
        "Draw open sessions by lot, with all that is known of them",
        failures: ["bad-request", "not-audited"])
    static let registerList = Row<ControlMessages.RegisterListArguments, ControlMessages.RegisterList>(
        "register.list", .get, "/v1/registers", .viewer, "List the lines of a register, as they are in force",
        failures: ["not-found"])
    static let registerHistory = Row<
        ControlMessages.RegisterSubjectArguments, ControlMessages.RegisterHistory
    >(
        "register.history", .get, "/v1/registers/history", .viewer,
        "Show everything that was ever stated of a line", failures: ["not-found"])
    static let postureList = Row<ControlMessages.PostureListArguments, ControlMessages.PostureList>(
        "posture.list", .get, "/v1/postures", .viewer, "List what was reported of devices",
        failures: ["not-found"])
    static let auditHead = Row<ControlMessages.Nothing, ControlMessages.AuditHeadAnswer>(
        "audit.head", .get, "/v1/audit/head", .viewer, "Say how far the audit record goes",
        failures: ["not-found"])
    static let alerts = Row<ControlMessages.Nothing, ControlMessages.AlertsState>(
        "alerts", .get, "/v1/alerts", .viewer, "List what people were alerted of, and how the sinks are",
        failures: ["not-found"])
    static let doctor = Row<ControlMessages.Nothing, ControlMessages.GatewayKnowledge>(
        "doctor", .get, "/v1/health", .viewer, "Say what the daemon knows of what can be wrong")
    static let inspectKernel = Row<ControlMessages.Nothing, ControlMessages.KernelState>(
        "kernel.inspect", .get, "/v1/kernel", .viewer,
        "Compare what is in the kernel with what was decided", failures: ["kernel"])
    static let changes = Row<ControlMessages.ChangesArguments, ControlMessages.ChangeList>(
        "rules.changes", .get, "/v1/rules/changes", .viewer, "List the changes of rules")
    static let pack = Row<ControlMessages.PackArguments, ControlMessages.PackFiles>(
        "rules.pack", .get, "/v1/rules/pack", .viewer, "Give the files of a pack that is or was in force",
        failures: ["not-found"])

    // MARK: Ordering

    private static let order = ["refused"]

    static let disconnect = Row<ControlMessages.DisconnectArguments, ControlMessages.OrderDone>(
        "disconnect", .post, "/v1/disconnect", .operator,
        "Cut a session, or all of a user or a device, and keep them out", failures: order + lookup)
    static let readmit = Row<ControlMessages.DisconnectArguments, ControlMessages.OrderDone>(
        "readmit", .post, "/v1/readmit", .operator, "Let in again whom 'disconnect' keeps out",
        failures: order + lookup)
    static let setStatus = Row<ControlMessages.StatusArguments, ControlMessages.OrderDone>(
        "device.set-status", .put, "/v1/devices/status", .operator,
        "Set the status of a device: whoever uses a stolen one is cut", failures: order)
    static let statePart = Row<ControlMessages.RegisterPartArguments, ControlMessages.Nothing>(
        "register.state-part", .post, "/v1/registers/parts", .operator,
        "Send statements that do not fit into one request with others", failures: ["busy", "incomplete"])
    static let state = Row<ControlMessages.RegisterStateArguments, ControlMessages.OrderDone>(
        "register.state", .post, "/v1/registers/statements", .operator,
        "State what registers are to say: all of it or nothing",
        failures: order + ["registers-moved", "incomplete", "bad-request"])
    static let report = Row<ControlMessages.PostureReportArguments, ControlMessages.OrderDone>(
        "posture.report", .post, "/v1/postures", .operator, "Report what was seen on a device",
        failures: order + ["bad-request"])
    static let forgetCodes = Row<ControlMessages.UserArguments, ControlMessages.OrderDone>(
        "user.forget-codes", .post, "/v1/users/forget-codes", .operator,
        "Forget a user's wrong one-time codes, and which codes were used", failures: order)
    static let enrol = Row<ControlMessages.EnrolArguments, ControlMessages.Enrolment>(
        "user.enrol", .post, "/v1/users/enrol", .operator,
        "Make a seed of one-time codes for a user, and say it this once",
        failures: order + ["no-sealing-key", "bad-request"])
    static let unenrol = Row<ControlMessages.UserArguments, ControlMessages.OrderDone>(
        "user.unenrol", .post, "/v1/users/unenrol", .operator, "Take back the seed that 'enrol' made",
        failures: order)
    static let stepUp = Row<ControlMessages.StepUpArguments, ControlMessages.SteppedUp>(
        "step-up", .post, "/v1/step-up", .operator,
        "Prove a factor anew in a live session, with a one-time code",
        failures: order + ["not-found"])
    static let acknowledgeDamage = Row<ControlMessages.Nothing, ControlMessages.OrderDone>(
        "acknowledge-damage", .post, "/v1/damage/acknowledgement", .operator,
        "Let people in again after state was lost", failures: order)

    static let testAlerts = Row<ControlMessages.Nothing, ControlMessages.AlertTest>(
        "alerts.test", .post, "/v1/alerts/test", .operator, "Send one alert through every sink",
        failures: ["not-found"])

    // MARK: Rules

    private static let ruling = ["refused", "waiting", "wrong-rules", "busy", "bad-request", "not-audited"]

    static let reload = Row<ControlMessages.Nothing, ControlMessages.OrderDone>(
        "reload", .post, "/v1/rules/reload", .policyAdmin, "Load the configured folder of rules",
        failures: ruling)
    static let packPart = Row<ControlMessages.PackPartArguments, ControlMessages.Nothing>(
        "rules.part", .post, "/v1/rules/parts", .policyAdmin,
        "Send files of a pack that do not fit into one request with others", failures: ["busy", "incomplete"])
    static let plan = Row<ControlMessages.PlanArguments, ControlMessages.LivePlanAnswer>(
        "rules.plan", .post, "/v1/rules/plan", .policyAdmin,
        "Say what a pack would do to the sessions that are there; changes nothing",
        failures: ["wrong-rules", "incomplete", "bad-request", "refused"])
    static let apply = Row<ControlMessages.ApplyArguments, ControlMessages.Applied>(
        "rules.apply", .post, "/v1/rules/apply", .policyAdmin, "Put a pack in force, until it is confirmed",
        failures: ruling + ["incomplete"])
    static let confirm = Row<ControlMessages.ChangeArguments, ControlMessages.Nothing>(
        "rules.confirm", .post, "/v1/rules/confirm", .policyAdmin, "Keep the change that waits",
        failures: ruling + ["not-found", "too-late"])
    static let revert = Row<ControlMessages.ChangeArguments, ControlMessages.Reverted>(
        "rules.revert", .post, "/v1/rules/revert", .policyAdmin, "Take the change that waits back",
        failures: ruling + ["not-found", "too-late"])

    private static let lookup = ["not-found", "bad-request"]

    /// The document that describes them all, itself among them.
    static let openAPI = ControlOperation(
        "openapi", .get, "/v1/openapi.json", .viewer, "Give this document",
        arguments: .object(.init(name: "Nothing", properties: [])), result: .anything)

    static let all: [ControlOperation] = [
        openAPI, who.row, sessions.row, explain.row, evidence.row, spotCheck.row, registerList.row,
        registerHistory.row, postureList.row, auditHead.row, alerts.row, doctor.row, inspectKernel.row,
        changes.row,
        pack.row, disconnect.row, readmit.row, setStatus.row, statePart.row, state.row, report.row,
        forgetCodes.row, enrol.row, unenrol.row, stepUp.row, acknowledgeDamage.row, testAlerts.row,
        reload.row, packPart.row,
        plan.row, apply.row, confirm.row, revert.row,
    ]
}

extension ControlMessages {
    struct Who: Codable {
        var user: String
        var uid: UInt32
        var role: Role
    }
}
