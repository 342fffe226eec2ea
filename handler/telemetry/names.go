package telemetry

// Every name that leaves the service. They are the contract of dashboards and alerts, so a
// name may be added and never changed; docs/telemetry.md lists them with their units.
const (
	// MetricGrants counts live grants, by AttributeState.
	MetricGrants = "mailgrant.grants"
	// MetricOverdue counts grants that are past their end and not ended.
	MetricOverdue = "mailgrant.overdue"
	// MetricStuckAge is since how many seconds the longest stuck grant is stuck; 0 for none.
	MetricStuckAge = "mailgrant.stuck.age"
	// MetricRequests counts calls to the tenant, by AttributeEdge, AttributeOperation,
	// AttributeWrite and AttributeOutcome.
	MetricRequests = "mailgrant.requests"
	// MetricThrottleWait is for how many seconds the tenant asked to be left alone, each time
	// that it did, by AttributeEdge.
	MetricThrottleWait = "mailgrant.throttle.wait"
	// MetricSweepLateness is how many seconds the oldest thing that a sweep met had been due,
	// by AttributeSweep.
	MetricSweepLateness = "mailgrant.sweep.lateness"
	// MetricVerdicts counts what the tenant's own tests said, by AttributeExpected and
	// AttributeVerdict.
	MetricVerdicts = "mailgrant.verdicts"
)

// The attributes of spans and metrics.
const (
	AttributeState     = "mailgrant.state"
	AttributeEdge      = "mailgrant.edge"
	AttributeOperation = "mailgrant.operation"
	AttributeWrite     = "mailgrant.write"
	AttributeOutcome   = "mailgrant.outcome"
	AttributeSweep     = "mailgrant.sweep"
	AttributeExpected  = "mailgrant.expected"
	AttributeVerdict   = "mailgrant.verdict"
	// AttributeGrant is a grant's or an operation's id.
	AttributeGrant = "mailgrant.grant"
	// AttributeQueue is the queue of a message that was sent.
	AttributeQueue = "mailgrant.queue"
	// AttributeInstallation is of the resource: whose telemetry this is.
	AttributeInstallation = "mailgrant.installation"
	// AttributeInvocation is the host's id of the call.
	AttributeInvocation = "mailgrant.invocation"
	// AttributeRequestID is the tenant's own id of a request, for a support case.
	AttributeRequestID = "mailgrant.tenant.request_id"
	// The next three are OpenTelemetry's semantic conventions for HTTP.
	AttributeStatus = "http.response.status_code"
	AttributeMethod = "http.request.method"
	AttributeRoute  = "http.route"
)

// Metrics lists the metrics.
func Metrics() []string {
	return []string{MetricGrants, MetricOverdue, MetricStuckAge, MetricRequests, MetricThrottleWait, MetricSweepLateness, MetricVerdicts}
}

// The spans that are not named after a route or an operation of the tenant.
const (
	// SpanApply is the work of one message of the queue.
	SpanApply = "apply"
	// EventSent is the sending of a message, in the span that sends it.
	EventSent = "message sent"
)

// The outcomes of a call that are no failures; any other is the kind of the edge's error.
const (
	OutcomeFine = "ok"
	// OutcomeAbsent: a read was answered that there is no such object, as is hoped for
	// before something is made and after it was removed.
	OutcomeAbsent = "absent"
)
