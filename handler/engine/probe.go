package engine

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/store"
)

const (
	// probeFor is how long a code can be used.
	probeFor = time.Hour
	// probeKept is how long a code's rows outlive it: longer than any call that may have
	// read them still runs.
	probeKept = time.Hour
	// mostCodes bounds the codes of one grant that can be used at the same time.
	mostCodes = 20
)

// ProbePlan is what the workload's owner is to try, and the code by which the outcome
// can be reported once. The code is shown here and never again.
type ProbePlan struct {
	Grant string `json:"grant"`
	Code  string `json:"code"`
	// ExpiresAt is until when the code can be used.
	ExpiresAt time.Time `json:"expiresAt"`
	// AppID is the application whose token has to be used.
	AppID string      `json:"appId"`
	Calls []ProbeCall `json:"calls"`
	// Untried are the permissions, or parts of them, that no call is named for.
	Untried []Untried `json:"untried"`
}

// ProbeCall is one call to be made and what should come of it: a 2xx where it is expected
// to be allowed, a 403 with the code ErrorAccessDenied where not.
type ProbeCall struct {
	Call
	Address  string        `json:"address"`
	Expected grant.Verdict `json:"expected"`
	// To is who gets the one mail; empty for every call but sendMail.
	To string `json:"to,omitempty"`
}

// Untried says why a permission is not tried.
type Untried struct {
	Permission string `json:"permission"`
	Reason     string `json:"reason"`
}

// probeCode is the row of a code, under the hash of it: whoever reads the table cannot
// report by it.
type probeCode struct {
	By        string      `json:"by"`
	At        time.Time   `json:"at"`
	ExpiresAt time.Time   `json:"expiresAt"`
	Calls     []ProbeCall `json:"calls"`
}

// ProbeCode makes a one-time code for trying a grant where the workload lives. The body
// may ask for one mail to be sent. Errors: KindMalformed and KindShape for the body,
// KindNotFound, KindEnded, and KindState while the grant is not active, before its
// effectiveBy (a call before then would keep a denial cached), where nothing can be tried,
// and where too many codes wait to be used.
func (e *Engine) ProbeCode(ctx context.Context, id, by string, body []byte) (ProbePlan, error) {
	wish, faults, err := grant.ParseProbeWish(body)
	if err != nil {
		return ProbePlan{}, &Error{Kind: KindMalformed, Detail: err.Error()}
	}
	if len(faults) > 0 {
		return ProbePlan{}, &Error{Kind: KindShape, Detail: "the body has faults; no code was made", Faults: faults}
	}
	_, g, err := e.probed(ctx, id)
	if err != nil {
		return ProbePlan{}, err
	}
	mailboxes, err := e.mailboxesOf(ctx, g)
	if err != nil {
		return ProbePlan{}, err
	}
	plan := ProbePlan{Grant: id, AppID: g.Workload.AppID}
	plan.Calls, plan.Untried, faults = probeCalls(g, mailboxes, wish)
	switch {
	case len(faults) > 0:
		return ProbePlan{}, &Error{Kind: KindShape, Detail: "the body does not fit the grant; no code was made", Faults: faults}
	case len(plan.Calls) == 0:
		return ProbePlan{}, &Error{Kind: KindState, Detail: "nothing of this grant can be tried: " + untriedOf(plan.Untried)}
	}
	return e.keepCode(ctx, g, by, plan)
}

// keepCode makes the code and stores its hash beside the grant.
func (e *Engine) keepCode(ctx context.Context, g grant.Grant, by string, plan ProbePlan) (ProbePlan, error) {
	now := e.Now()
	usable, err := e.clearCodes(ctx, g, now)
	if err != nil {
		return ProbePlan{}, err
	}
	if usable >= mostCodes {
		return ProbePlan{}, &Error{Kind: KindState, Detail: fmt.Sprintf("%d codes of this grant are waiting to be used; each lapses within an hour", usable)}
	}
	plan.Code, plan.ExpiresAt = rand.Text(), earlier(now.Add(probeFor), g.ExpiresAt)
	document, err := json.Marshal(probeCode{By: by, At: now, ExpiresAt: plan.ExpiresAt, Calls: plan.Calls})
	if err != nil {
		return ProbePlan{}, fmt.Errorf("writing a code of grant %s: %w", g.ID, err)
	}
	err = e.Store.InsertRow(ctx, g.Workload.ObjectID, store.Row{Key: codeKey(g.ID, codeHash(plan.Code)), Document: document})
	if err != nil {
		return ProbePlan{}, storage(err, "")
	}
	return plan, nil
}

// clearCodes deletes what has lapsed long ago and counts what has not lapsed. Of a code,
// its own row goes first: a mark of use without a code is harmless, and a code without its
// mark could be used twice.
func (e *Engine) clearCodes(ctx context.Context, g grant.Grant, now time.Time) (int, error) {
	rows, err := e.Store.ReadRows(ctx, g.Workload.ObjectID, codePrefix+g.ID+"|")
	if err != nil {
		return 0, storage(err, "")
	}
	usable := 0
	for _, row := range rows {
		var code probeCode
		err := json.Unmarshal(row.Document, &code)
		if err != nil {
			return 0, fmt.Errorf("reading row %s: %w", row.Key, err)
		}
		hash := row.Key[len(codePrefix+g.ID+"|"):]
		if now.Before(code.ExpiresAt) {
			usable++
		}
		if now.Before(code.ExpiresAt.Add(probeKept)) {
			continue
		}
		for _, key := range []string{row.Key, usedKey(g.ID, hash)} {
			err := e.Store.DeleteRow(ctx, g.Workload.ObjectID, key)
			if err != nil {
				return 0, storage(err, "")
			}
		}
	}
	return usable, nil
}

// probed returns a grant that can be tried now: active, and past its effectiveBy.
func (e *Engine) probed(ctx context.Context, id string) (store.Claim, grant.Grant, error) {
	claim, r, err := e.claim(ctx, id)
	if err != nil {
		return store.Claim{}, grant.Grant{}, err
	}
	if claim.Workload == "" {
		return store.Claim{}, grant.Grant{}, notTried(id, r.State)
	}
	g, err := e.grant(ctx, claim.Workload, id)
	switch {
	case KindOf(err) == KindNotFound:
		return store.Claim{}, grant.Grant{}, notTried(id, r.State)
	case err != nil:
		return store.Claim{}, grant.Grant{}, err
	case g.State != grant.Active:
		return store.Claim{}, grant.Grant{}, notTried(id, g.State)
	case e.Now().Before(g.EffectiveBy):
		return store.Claim{}, grant.Grant{}, &Error{Kind: KindState, Detail: fmt.Sprintf("grant %s is effective by %s: a call before then would keep a denial cached; ask again at that time",
			id, g.EffectiveBy.UTC().Format(time.RFC3339))}
	}
	return claim, g, nil
}

func notTried(id string, state grant.State) error {
	if state.Ended() {
		return ended(id, state)
	}
	return &Error{Kind: KindState, Detail: fmt.Sprintf("grant %s is %s: only an active one can be tried", id, state)}
}

// mailboxesOf are the mailboxes of the grant that are known by name.
func (e *Engine) mailboxesOf(ctx context.Context, g grant.Grant) ([]grant.Mailbox, error) {
	if !g.Scope.Counted() {
		return g.Mailboxes, nil
	}
	return e.memberMailboxes(ctx, g)
}

// The rows of codes lie where evidence lies, which no worker reads with a partition; no
// grant's id is "probe" or "probed".
const (
	codePrefix = "e|probe|"
	usedPrefix = "e|probed|"
)

func codeKey(id, hash string) string { return codePrefix + id + "|" + hash }

func usedKey(id, hash string) string { return usedPrefix + id + "|" + hash }

// codeHash needs no salt: a code is 130 random bits.
func codeHash(code string) string {
	sum := sha256.Sum256([]byte(code))
	return hex.EncodeToString(sum[:])
}
