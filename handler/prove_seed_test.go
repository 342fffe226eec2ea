package main

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/simulator/tenant"
	"mailgrant/handler/store"

	"golang.org/x/sync/errgroup"
)

// pattern is one active grant as the service itself has written and made it: its rows
// and its objects in the tenant. A crowd is that grant under other ids, because giving
// thousands of grants through the API would take longer than what is measured.
type pattern struct {
	id      string
	claim   store.Claim
	rows    []store.Row
	dues    []store.Due
	expires time.Time
	// picture is what the tenant holds for it, by the lists of a directory document.
	picture map[string][]string
	// ids are the remote objects' own ids.
	ids []string
}

// seededNote says in a row's note where the grants came from.
const seededNote = "grants seeded as copies of the rows and objects of one that was given through the API"

// crowdWorkload is the workload of the template; every member has one of its own.
const crowdWorkload = "Newsletter"

// pattern lives a grant up to its activity on a stack of its own, with the package as
// it is, whatever package is under test.
func (g *ground) pattern(f *findings, m mechanism) pattern {
	calm := &ground{bed: g.bed, folder: g.bed.simulated, full: g.full, pace: g.pace}
	l, end := calm.begin(f, m, fate{})
	defer end()
	l.request()
	l.pass(0)
	l.sweepUntil("active")
	l.pass(time.Minute)
	made := pattern{id: l.id}
	rows, err := store.Open(store.Options{ConnectionString: l.stack.Wire.ConnectionString()})
	if err == nil {
		err = made.read(rows)
	}
	if err == nil {
		err = made.readTenant(l.stack.Tenant.Dump())
	}
	if err != nil {
		f.Fatalf("reading the template: %v", err)
	}
	return made
}

func (t *pattern) read(rows *store.Store) error {
	ctx := context.Background()
	var err error
	t.claim, err = rows.ReadClaim(ctx, t.id)
	if err != nil {
		return err
	}
	// The lease is nobody's, and the outbox is empty when all is quiet.
	for _, kind := range []string{"g", "s", "e", "h", "r"} {
		found, err := rows.ReadRows(ctx, t.claim.Workload, kind+"|")
		if err != nil {
			return err
		}
		for i := range found {
			delete(found[i].Properties, store.WriteProperty)
		}
		t.rows = append(t.rows, found...)
	}
	var now grant.Grant
	err = json.Unmarshal(t.rows[0].Document, &now)
	if err != nil {
		return err
	}
	t.expires = now.ExpiresAt
	owed, err := rows.ListDueOf(ctx, t.id, time.Time{})
	// What the pick-up of a delivery leaves behind means nothing under an empty outbox,
	// and thousands of it would be what the first sweeps take up.
	t.dues = slices.DeleteFunc(owed, func(due store.Due) bool { return due.Kind == string(grant.DueNotify) })
	return err
}

func (t *pattern) readTenant(dump []byte) error {
	var lists map[string]json.RawMessage
	err := json.Unmarshal(dump, &lists)
	if err != nil {
		return err
	}
	t.picture = map[string][]string{}
	for _, list := range slices.Concat(givenLists, []string{"mailboxes", "servicePrincipals", "applications"}) {
		var objects []json.RawMessage
		err := json.Unmarshal(lists[list], &objects)
		if err != nil {
			return fmt.Errorf("reading %s: %w", list, err)
		}
		for _, object := range objects {
			t.take(list, string(object))
		}
	}
	return nil
}

// givenLists are the lists of a directory that hold what somebody was given: a workload
// without access is in none of them.
var givenLists = []string{"pointers", "scopes", "assignments", "groups", "accessPolicies", "mailboxPermissions", "consents"}

// take keeps an object that belongs to the grant, its workload or its mailbox.
func (t *pattern) take(list, object string) {
	owners := []string{t.id, crowdWorkload, tenant.SampleNewsletterAppID, tenant.SampleNewsletterObjectID, tenant.SampleNewsGUID + `"`}
	if !slices.ContainsFunc(owners, func(id string) bool { return strings.Contains(object, id) }) {
		return
	}
	t.picture[list] = append(t.picture[list], object)
	if !slices.Contains(givenLists, list) {
		return
	}
	var known struct{ GUID, EntraID, ID string }
	_ = json.Unmarshal([]byte(object), &known) // taken from a document that was read
	for _, id := range []string{known.GUID, known.EntraID, known.ID} {
		if id != "" {
			t.ids = append(t.ids, id)
		}
	}
}

// goes are the lists of what goes at the end of a grant of the mechanism: a pointer that was
// there before belongs to nobody.
func (m mechanism) goes() []string {
	if m.standing == nil {
		return givenLists
	}
	return slices.DeleteFunc(slices.Clone(givenLists), func(list string) bool { return list == "pointers" })
}

// objects counts what the grant has in the tenant. A mailbox in its group is one, too.
func (t *pattern) objects(lists []string) int {
	count := 0
	for _, list := range lists {
		for _, object := range t.picture[list] {
			var known struct{ Members []string }
			_ = json.Unmarshal([]byte(object), &known) // taken from a document that was read
			count += 1 + len(known.Members)
		}
	}
	return count
}

// member is one grant of a crowd.
type member struct {
	n                           int
	id, workload, mailbox, name string
	replace                     *strings.Replacer
	// objects are the names of what was there before the grant; nil where the service has named them.
	objects []string
	// edit changes a row before it is written; nil leaves all as they are.
	edit func(row *store.Row)
	// editObject does the same for an object of the tenant's directory.
	editObject func(list, object string) string
	dues       []store.Due
	expires    time.Time
}

// member is the template under the ids of number n.
func (t *pattern) member(n int) member {
	one := member{n: n, id: grant.NewID("crowd", fmt.Sprint(n)), workload: castID("b", n), mailbox: castID("d", n), name: fmt.Sprintf("Crowd%05d", n), expires: t.expires}
	pairs := []string{t.id, one.id, tenant.SampleNewsletterAppID, castID("a", n), tenant.SampleNewsletterObjectID, one.workload,
		tenant.SampleNewsletterRegistrationID, castID("c", n), tenant.SampleNewsGUID, one.mailbox, `"News"`, fmt.Sprintf(`"News%05d"`, n), crowdWorkload, one.name, "newsletter@", fmt.Sprintf("letter%05d@", n), "news@", fmt.Sprintf("news%05d@", n),
		"f0000000-0000-4000-8000-000000000001", castID("f", n), "e0000000-0000-4000-8000-000000000001", castID("e", n)}
	for i, id := range t.ids {
		made := castID(fmt.Sprintf("%x", i+1), n)
		// Exchange shows a policy by the security id of its group.
		pairs = append(pairs, id, made, tenant.SecurityID(id), tenant.SecurityID(made))
	}
	one.replace = strings.NewReplacer(pairs...)
	for _, due := range t.dues {
		one.dues = append(one.dues, store.Due{At: due.At, Kind: due.Kind, ID: one.id, Workload: one.workload})
	}
	return one
}

// directory is the sample directory with everything that the members have made.
func (c *crowd) directory() string {
	var document map[string]any
	err := json.Unmarshal([]byte(c.mechanism.directory()), &document)
	if err != nil {
		c.Fatalf("reading the sample directory: %v", err)
	}
	for list, objects := range c.model.picture {
		all, _ := document[list].([]any)
		for _, one := range c.members {
			for _, object := range objects {
				text := one.replace.Replace(object)
				if one.editObject != nil {
					text = one.editObject(list, text)
				}
				all = append(all, json.RawMessage(text))
			}
		}
		document[list] = all
	}
	text, err := json.Marshal(document)
	if err != nil {
		c.Fatalf("writing the directory: %v", err)
	}
	return string(text)
}

// seedAtOnce is how many members are written at once.
const seedAtOnce = 8

// seed writes the rows of every member past the wire.
func (c *crowd) seed() {
	var group errgroup.Group
	group.SetLimit(seedAtOnce)
	for _, one := range c.members {
		group.Go(func() error { return c.write(one) })
	}
	err := group.Wait()
	if err != nil {
		c.Fatalf("seeding the tables: %v", err)
	}
}

func (c *crowd) write(one member) error {
	ctx := context.Background()
	claim := c.model.claim
	claim.ID, claim.Workload, claim.ETag = one.id, one.workload, ""
	claim.Document = []byte(one.replace.Replace(string(claim.Document)))
	claim.Body = []byte(one.replace.Replace(string(claim.Body)))
	err := c.rows.InsertClaim(ctx, claim)
	if err != nil {
		return err
	}
	err = c.rows.WriteDue(ctx, one.dues...)
	if err != nil {
		return err
	}
	changes := make([]store.Change, 0, len(c.model.rows))
	for _, row := range c.model.rows {
		changes = append(changes, store.Change{Action: store.Insert, Row: one.row(row)})
	}
	_, err = c.rows.Commit(ctx, one.workload, store.Lease{}, store.Lease{}, changes)
	return err
}

func (one member) row(from store.Row) store.Row {
	made := store.Row{Key: one.replace.Replace(from.Key), Document: []byte(one.replace.Replace(string(from.Document))), Properties: map[string]string{}}
	for name, value := range from.Properties {
		made.Properties[name] = one.replace.Replace(value)
	}
	if one.edit != nil {
		one.edit(&made)
	}
	return made
}

// seenMember is a member as its rows say.
type seenMember struct {
	member
	grant   grant.Grant
	history []grant.Entry
}

// look reads the rows of all members.
func (c *crowd) look(history bool) []seenMember {
	all := make([]seenMember, len(c.members))
	var mutex sync.Mutex
	var group errgroup.Group
	group.SetLimit(seedAtOnce)
	for i, one := range c.members {
		group.Go(func() error {
			seen, err := c.lookAt(one, history)
			mutex.Lock()
			defer mutex.Unlock()
			all[i] = seen
			return err
		})
	}
	err := group.Wait()
	if err != nil {
		c.Fatalf("reading the tables: %v", err)
	}
	return all
}

func (c *crowd) lookAt(one member, history bool) (seenMember, error) {
	ctx := context.Background()
	seen := seenMember{member: one}
	found, err := c.rows.ReadRow(ctx, one.workload, "x|"+one.id)
	if store.KindOf(err) == store.KindNotFound {
		found, err = c.rows.ReadRow(ctx, one.workload, "g|"+one.id)
	}
	if err != nil {
		return seen, fmt.Errorf("reading the grant %s: %w", one.id, err)
	}
	err = json.Unmarshal(found.Document, &seen.grant)
	if err != nil || !history {
		return seen, err
	}
	rows, err := c.rows.ReadRows(ctx, one.workload, "h|"+one.id+"|")
	for _, row := range rows {
		var entry grant.Entry
		err = json.Unmarshal(row.Document, &entry)
		if err != nil {
			return seen, err
		}
		seen.history = append(seen.history, entry)
	}
	return seen, err
}

// given is what the tenant holds of what somebody was given, by the ids in it.
type given map[string]bool

// known are the ids by which such an object names a grant, a workload or a mailbox.
var known = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[a-z2-7]{20}\b`)

func (c *crowd) given() given {
	var lists map[string]json.RawMessage
	err := json.Unmarshal(c.tenant().Dump(), &lists)
	if err != nil {
		c.Fatalf("reading the dump: %v", err)
	}
	all := given{}
	for _, list := range c.mechanism.goes() {
		for _, id := range known.FindAll(lists[list], -1) {
			all[string(id)] = true
		}
	}
	return all
}

// of reports whether something of the member is there: by the id in its name, or where it
// bears none by the workload or the mailbox that it is about.
func (g given) of(one member) bool {
	return g[one.id] || g[one.workload] || g[castID("a", one.n)] || g[one.mailbox]
}
