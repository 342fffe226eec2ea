package tenant

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Reached says who can do what at which mailbox once every cache and every token is spent: the
// configuration as it stood when it was made. It never changes and is safe for concurrent use.
//
// It counts ways, not whether one is closed for the moment: IMAP, POP and SMTP count where they are
// switched off, too, and the role for SMTP counts beside a consent to it. The wire obeys both.
type Reached struct {
	mailboxes []string
	// places finds a mailbox by any of its ids and addresses, in lower case.
	places map[string]int
	// workloads holds, by app id and by object id, the acts at each mailbox.
	workloads map[string][]actSet
	// selfGranting holds both ids of who can give itself access.
	selfGranting []string
}

// Reached judges the tenant as it stands now, all workloads and mailboxes at once.
func (t *Tenant) Reached() *Reached {
	t.settle()
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.state.reached()
}

// Reaches reports whether the workload (app id or object id) can do everything that the permission
// is for at the mailbox (id or address), by whatever path, once caches and tokens are spent. It is
// false for names that the tenant does not know. For many questions ask Reached once.
func (t *Tenant) Reaches(workload, permission, mailbox string) bool {
	return t.Reached().Reaches(workload, permission, mailbox)
}

// ReadReached judges a directory without serving it. It fails where Start would.
func ReadReached(from io.Reader) (*Reached, error) {
	document, err := openDirectory(from)
	if err != nil {
		return nil, fmt.Errorf("judge a directory: %w", err)
	}
	made := newState(document, time.Time{})
	return made.reached(), nil
}

// Mailboxes lists the GUIDs of all mailboxes, in directory order.
func (r *Reached) Mailboxes() []string { return slices.Clone(r.mailboxes) }

func (r *Reached) acts(workload, mailbox string) actSet {
	place, known := r.places[strings.ToLower(mailbox)]
	held := r.workloads[strings.ToLower(workload)]
	if !known || held == nil {
		return 0
	}
	return held[place]
}

// Acts lists what the workload can do at the mailbox, in the order of the constants; empty for
// nothing and for names that are not known.
func (r *Reached) Acts(workload, mailbox string) []string {
	set := r.acts(workload, mailbox)
	names := []string{}
	for index, name := range actNames {
		if set&(1<<index) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// Can reports whether the workload can do this one act (Act…) at the mailbox.
func (r *Reached) Can(workload, act, mailbox string) bool {
	index := slices.Index(actNames, act)
	return index >= 0 && r.acts(workload, mailbox)&(1<<index) != 0
}

// Reaches reports whether the workload can do everything that the permission is for.
func (r *Reached) Reaches(workload, permission, mailbox string) bool {
	wanted, known := actsOf(permission)
	return known && r.acts(workload, mailbox)&wanted == wanted
}

// Touches reports whether the workload can do anything of what the permission is for.
func (r *Reached) Touches(workload, permission, mailbox string) bool {
	wanted, known := actsOf(permission)
	return known && r.acts(workload, mailbox)&wanted != 0
}

// answerReach serves the control port: what Reaches, Touches and Acts answer, for one of each.
func (t *Tenant) answerReach(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	workload, mailbox, permission := asked.Get("workload"), asked.Get("mailbox"), asked.Get("permission")
	reached := t.Reached()
	_, known := actsOf(permission)
	_, placed := reached.places[strings.ToLower(mailbox)]
	if !known || !placed || reached.workloads[strings.ToLower(workload)] == nil {
		http.Error(w, "there is no such workload, mailbox or permission", http.StatusBadRequest)
		return
	}
	reply(w, map[string]any{
		"reaches": reached.Reaches(workload, permission, mailbox), "touches": reached.Touches(workload, permission, mailbox),
		"acts": reached.Acts(workload, mailbox),
	})
}

// reached works by sets: each scope and each application's policies are judged once per mailbox.
func (s *state) reached() *Reached {
	made := &Reached{places: map[string]int{}, workloads: map[string][]actSet{}}
	judge := &reachJudge{state: s, among: s.memberships(), places: made.places, scopes: map[string][]bool{}}
	for _, each := range s.mailboxes {
		if !each.isMailbox() {
			continue
		}
		for _, name := range append(each.addresses(), each.GUID, each.EntraID, each.UPN) {
			made.places[strings.ToLower(name)] = len(made.mailboxes)
		}
		made.mailboxes = append(made.mailboxes, each.GUID)
		judge.targets = append(judge.targets, each)
	}
	for _, each := range s.principals {
		if each.deleted {
			continue
		}
		held := judge.workload(each)
		made.workloads[strings.ToLower(each.AppID)] = held
		made.workloads[strings.ToLower(each.ObjectID)] = held
		if s.canGrantItself(each) {
			made.selfGranting = append(made.selfGranting, each.AppID, each.ObjectID)
		}
	}
	return made
}

type reachJudge struct {
	state   *state
	among   *memberships
	targets []mailbox
	places  map[string]int
	scopes  map[string][]bool
}

// workload is the union of what consents, role assignments and mailbox permissions give.
func (j *reachJudge) workload(holder principal) []actSet {
	held := make([]actSet, len(j.targets))
	j.consents(holder, held)
	for _, row := range j.state.reachOf(holder.ObjectID) {
		var acts actSet
		for _, permission := range row.permissions {
			conferred, _ := actsOf(permission)
			acts |= conferred
		}
		give(held, acts, j.covered(row))
	}
	j.mailboxPermissions(holder, held)
	return held
}

// give adds the acts where inside says so; everywhere when inside is nil.
func give(held []actSet, acts actSet, inside []bool) {
	if acts == 0 {
		return
	}
	for index := range held {
		if inside == nil || inside[index] {
			held[index] |= acts
		}
	}
}

// covered is nil for an organization-wide row.
func (j *reachJudge) covered(row reachRow) []bool {
	if row.everywhere {
		return nil
	}
	key := row.unit + "\x00" + row.filterText
	known, is := j.scopes[key]
	if is {
		return known
	}
	inside := make([]bool, len(j.targets))
	for index, target := range j.targets {
		inside[index] = row.covers(target, j.among)
	}
	j.scopes[key] = inside
	return inside
}

// consents leaves out those for protocols, which open nothing alone.
func (j *reachJudge) consents(holder principal, held []actSet) {
	var free, confined actSet
	for _, each := range j.state.consentsOf(holder.ObjectID) {
		acts, known := actsOf(each.Permission)
		_, protocol := protocols[each.Permission]
		switch {
		case !known || protocol && each.Resource == exchangeName:
		case isFiltered(each.Resource, each.Permission):
			confined |= acts
		default:
			free |= acts
		}
	}
	give(held, free, nil)
	if confined != 0 {
		give(held, confined, j.unconfined(holder))
	}
}

// unconfined is nil where no policy concerns the application.
func (j *reachJudge) unconfined(holder principal) []bool {
	if !slices.ContainsFunc(j.state.policies, func(each policy) bool { return each.concerns(holder.AppID) }) {
		return nil
	}
	inside := make([]bool, len(j.targets))
	for index, target := range j.targets {
		inside[index] = policiesAllow(j.state.policies, holder.AppID, target, j.among)
	}
	return inside
}

// mailboxPermissions open the protocols that are consented, to the pointer that Exchange has.
func (j *reachJudge) mailboxPermissions(holder principal, held []actSet) {
	index := slices.IndexFunc(j.state.pointers, func(each pointer) bool { return strings.EqualFold(each.ObjectID, holder.ObjectID) })
	if index < 0 {
		return
	}
	trustee := j.state.pointers[index].GUID
	byRight := map[string]actSet{}
	for _, each := range j.state.consentsOf(holder.ObjectID) {
		acts, _ := actsOf(each.Permission)
		if each.Resource == exchangeName {
			for _, right := range protocols[each.Permission] {
				byRight[right] |= acts
			}
		}
	}
	if len(byRight) == 0 {
		return
	}
	for _, each := range j.state.permissions {
		if !strings.EqualFold(each.Trustee, trustee) {
			continue
		}
		if place, known := j.places[strings.ToLower(each.Mailbox)]; known {
			held[place] |= byRight[each.Right]
		}
	}
}
