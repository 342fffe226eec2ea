package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/identity"
	"mailgrant/handler/policy"
)

// doctorLimit is how long an examination may take; it lies inside the deadline of an HTTP
// call, so that what was seen until then is answered.
const doctorLimit = 60 * time.Second

// Diagnosis is what an examination of the service and of its surroundings has found.
type Diagnosis struct {
	// Status is the worst of the findings'.
	Status DoctorStatus `json:"status"`
	// At is when the examination began.
	At           time.Time `json:"at"`
	Installation string    `json:"installation"`
	// Findings are in the order of DoctorChecks; every check has at least one.
	Findings []Symptom `json:"findings"`
	// NotLookedAt names what no finding covers; never empty, because some of it nobody
	// here can read.
	NotLookedAt []string `json:"notLookedAt"`
}

// DoctorStatus is how a finding is to be taken.
type DoctorStatus string

// The statuses, the worst first.
const (
	// Fault: something does not work, or somebody else could act as the service.
	Fault DoctorStatus = "fault"
	// Warning: it works, and should be otherwise.
	Warning DoctorStatus = "warning"
	// Unseen: it could not be read, and is not known to be well. One finding always is: what
	// Azure alone knows of the identity. An examination therefore never ends as Healthy.
	Unseen DoctorStatus = "unknown"
	// Healthy: it was looked at and is as it should be.
	Healthy DoctorStatus = "ok"
)

// DoctorStatuses lists them, the worst first.
func DoctorStatuses() []DoctorStatus { return []DoctorStatus{Fault, Warning, Unseen, Healthy} }

// Symptom is one finding.
type Symptom struct {
	// Check is what was looked at, and Code what was found; both are stable. Codes are listed
	// by DoctorCodes.
	Check  string       `json:"check"`
	Code   string       `json:"code"`
	Status DoctorStatus `json:"status"`
	// What was found, why that matters, and the command or the step that mends it, for
	// people. Why and Mend are empty where all is well.
	What string `json:"what"`
	Why  string `json:"why,omitempty"`
	Mend string `json:"mend,omitempty"`
}

// Doctor examines what the service needs in order to work: its identity's rights, the
// storage, the clocks, the document, the canaries and the sweeps. It changes nothing in
// the tenant; in the storage it writes a row of its own and sends a message to itself. It
// never fails: what cannot be read is a finding.
func (e *Engine) Doctor(ctx context.Context) Diagnosis {
	ctx, cancel := context.WithTimeout(ctx, doctorLimit)
	defer cancel()
	ctx = context.WithValue(ctx, examinationKey{}, true)
	x := &examination{Engine: e, began: e.Now()}
	x.document = e.lastDocument(ctx)
	x.use = useOf(x.document)
	tokens := x.examineTokens(ctx)
	found := x.together(ctx, x.examineAppRoles, x.examineOthers, x.examineCmdlets, x.examineDelegation, x.examineOrganization,
		x.examineStorage, x.examineInstallation, x.examineRows, x.examineDocument, x.examineCanaries, x.examineSweeps)
	found = slices.Concat(tokens, found, x.examinePrivilege(), x.examineClocks())
	return x.diagnosis(found)
}

// examinationKey is the context's key of the mark that an examination bears.
type examinationKey struct{}

// isExamination: the few reads of an examination, four at once, pass the tenant-wide
// ceiling, because its slots lie in a storage that may be just what has to be mended.
func isExamination(ctx context.Context) bool { return ctx.Value(examinationKey{}) != nil }

// examination is one run of the doctor. Each of its methods that run side by side writes
// fields of its own, which only what runs after them reads.
type examination struct {
	*Engine
	began    time.Time
	document policy.Document
	use      identity.Use

	onGraph, onExchange ownToken
	// objectID and appID are the identity's, by its tokens; empty when there are none.
	objectID, appID string
	// granted are the app roles that the directory says the identity holds.
	granted   []identity.AppRole
	directory []string
	// grantsRead and directoryRead: those lists were read.
	grantsRead, directoryRead bool
	allowed                   []string
	allowedRead               bool
	skews                     [2]skew

	mutex  sync.Mutex
	unseen []string
}

// together runs the parts of the examination side by side and keeps their order.
func (x *examination) together(ctx context.Context, parts ...func(context.Context) []Symptom) []Symptom {
	found := make([][]Symptom, len(parts))
	var running sync.WaitGroup
	for i, part := range parts {
		running.Go(func() { found[i] = part(ctx) })
	}
	running.Wait()
	return slices.Concat(found...)
}

// leave notes what was not looked at.
func (x *examination) leave(what string, values ...any) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	x.unseen = append(x.unseen, fmt.Sprintf(what, values...))
}

func (x *examination) diagnosis(found []Symptom) Diagnosis {
	checks := DoctorChecks()
	slices.SortStableFunc(found, func(a, b Symptom) int {
		return cmp.Compare(slices.Index(checks, a.Check), slices.Index(checks, b.Check))
	})
	result := Diagnosis{Status: Healthy, At: x.began, Installation: x.Installation, Findings: found, NotLookedAt: append(x.unseen, neverExamined()...)}
	statuses := DoctorStatuses()
	for _, one := range found {
		if slices.Index(statuses, one.Status) < slices.Index(statuses, result.Status) {
			result.Status = one.Status
		}
	}
	return result
}

// find makes the symptom of a code. Names in braces in its remedy stand for the identity's
// ids and for the given pairs of name and value.
func (x *examination) find(code, what string, pairs ...string) Symptom {
	named := codeOf(code)
	known := []string{"{objectId}", cmp.Or(x.objectID, "<object id of the identity>"), "{appId}", cmp.Or(x.appID, x.OwnAppID, "<client id of the identity>")}
	known = append(known, "{bootstrap}", x.bootstrap(known[1]))
	for i := 0; i+1 < len(pairs); i += 2 {
		known = append(known, "{"+pairs[i]+"}", pairs[i+1])
	}
	return Symptom{Check: named.Check, Code: code, Status: named.Status, What: what, Why: named.Why, Mend: strings.NewReplacer(known...).Replace(named.Mend)}
}

// bootstrap is the command that gives the identity everything that the document's use takes,
// once more where it lacks.
func (x *examination) bootstrap(objectID string) string {
	var mechanisms []string
	for _, one := range x.use.Mechanisms {
		mechanisms = append(mechanisms, string(one))
	}
	by := grant.Person
	if x.use.ServiceConsents {
		by = grant.Service
	}
	command := fmt.Sprintf("AZURE_TENANT_ID=%s go run ./scripts/bootstrap -identity %s -mechanisms %s -consent-by %s",
		cmp.Or(x.Tenant, "<tenant>"), objectID, strings.Join(mechanisms, ","), by)
	if x.use.Creates {
		command += " -create-mailboxes"
	}
	return command
}

// useOf is what the document lets the service do; scoped roles alone where there is none.
func useOf(document policy.Document) identity.Use {
	use := identity.Use{Mechanisms: document.Mechanisms, ServiceConsents: document.ConsentBy == grant.Service, Creates: len(document.MailboxDomains) > 0}
	if len(use.Mechanisms) == 0 {
		use.Mechanisms = []grant.Mechanism{grant.RBAC}
	}
	return use
}
