package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/grant"

	"github.com/goccy/go-yaml/ast"
)

// The bounds within which an operator may move the limits. Every mailbox of a grant
// is tested by one call within one invocation, and every permission is one row of
// the transaction that records the grant.
const (
	mostMailboxes   = 100
	mostMembers     = 100_000
	mostPermissions = 20
	mostLiveGrants  = 1000
)

// reader collects every fault while it walks the syntax tree.
type reader struct {
	faults []Fault
}

func (r *reader) document(root ast.Node) Document {
	document := Document{
		MaxDuration: DefaultMaxDuration,
		Drift:       Report,
		Groups:      ApprovedGroups,
		Mechanisms:  []grant.Mechanism{grant.RBAC},
		ConsentBy:   grant.Person,
		Waits:       Waits{Policies: grant.PolicySettles, Tokens: grant.TokensLive, LongTokens: grant.TokensLiveLong},
		Limits:      Limits{Mailboxes: DefaultMailboxes, Members: DefaultMembers, Permissions: DefaultPermissions, LiveGrants: DefaultLiveGrants},
	}
	members, ok := r.mapping(root, "", "canaries", "protected", "maxDuration", "limits", "drift", "groups", "approvers",
		"mechanisms", "consentBy", "waits", "mailboxDomains")
	if !ok {
		return document
	}
	if canaries, given := members["canaries"]; given {
		document.Canaries = r.mailboxes(canaries, "canaries")
		if list, ok := canaries.(*ast.SequenceNode); ok && len(list.Values) == 0 {
			r.fault(canaries, "canaries", "empty", "at least one mailbox that has to stay refused is needed")
		}
	} else {
		r.fault(root, "canaries", "missing", "at least one mailbox that has to stay refused is needed; without one no refusal can be proved")
	}
	if protected, given := members["protected"]; given {
		document.Protected = r.mailboxes(protected, "protected")
	}
	if longest, given := members["maxDuration"]; given {
		document.MaxDuration = r.duration(longest, "maxDuration")
	}
	if answer, given := members["drift"]; given {
		document.Drift = oneOf(r, answer, "drift", Report, Narrow, Revoke)
	}
	if rule, given := members["groups"]; given {
		document.Groups = oneOf(r, rule, "groups", ApprovedGroups, AnyGroup)
	}
	if approvers, given := members["approvers"]; given {
		document.Approvers = r.names(approvers, "approvers")
	}
	if limits, given := members["limits"]; given {
		document.Limits = r.limits(limits, document.Limits)
	}
	if domains, given := members["mailboxDomains"]; given {
		document.MailboxDomains = r.names(domains, "mailboxDomains")
	}
	r.mechanisms(members, &document)
	return document
}

// mechanisms reads by what access may be given, and what the older mechanisms need.
func (r *reader) mechanisms(members map[string]ast.Node, document *Document) {
	if listed, given := members["mechanisms"]; given {
		document.Mechanisms = nil
		for i, name := range r.names(listed, "mechanisms") {
			if !slices.Contains(grant.Mechanisms(), grant.Mechanism(name)) {
				r.fault(listed, fmt.Sprintf("mechanisms[%d]", i), "unknownWord", "the mechanisms are rbac and accessPolicy")
			}
			document.Mechanisms = append(document.Mechanisms, grant.Mechanism(name))
		}
		if len(document.Mechanisms) == 0 {
			r.fault(listed, "mechanisms", "empty", "at least one mechanism is needed, or nothing could be granted")
		}
	}
	if by, given := members["consentBy"]; given {
		document.ConsentBy = oneOf(r, by, "consentBy", grant.Person, grant.Service)
	}
	if waits, given := members["waits"]; given {
		document.Waits = r.waits(waits, document.Waits)
	}
}

// waits may be raised and not lowered: what is published is the least.
func (r *reader) waits(at ast.Node, waits Waits) Waits {
	members, ok := r.mapping(at, "waits", "policies", "tokens", "longTokens")
	if !ok {
		return waits
	}
	for _, wait := range []struct {
		name  string
		value *time.Duration
	}{{"policies", &waits.Policies}, {"tokens", &waits.Tokens}, {"longTokens", &waits.LongTokens}} {
		member, given := members[wait.name]
		if !given {
			continue
		}
		length := r.span(member, "waits."+wait.name)
		switch {
		case length >= *wait.value:
			*wait.value = length
		case length > 0:
			r.fault(member, "waits."+wait.name, "tooShort", fmt.Sprintf("this may be raised and not lowered; %s is the least", *wait.value))
		}
	}
	return waits
}

func (r *reader) limits(at ast.Node, limits Limits) Limits {
	members, ok := r.mapping(at, "limits", "mailboxes", "members", "permissions", "liveGrants")
	if !ok {
		return limits
	}
	for _, limit := range []struct {
		name  string
		value *int
		most  int
	}{
		{"mailboxes", &limits.Mailboxes, mostMailboxes},
		{"members", &limits.Members, mostMembers},
		{"permissions", &limits.Permissions, mostPermissions},
		{"liveGrants", &limits.LiveGrants, mostLiveGrants},
	} {
		if member, given := members[limit.name]; given {
			*limit.value = r.count(member, "limits."+limit.name, limit.most)
		}
	}
	return limits
}

// mapping returns the members of a mapping by name, the first of each, and names
// every one that is unknown, repeated or not a plain name.
func (r *reader) mapping(at ast.Node, path string, known ...string) (map[string]ast.Node, bool) {
	mapping, ok := at.(*ast.MappingNode)
	if !ok {
		r.fault(at, path, "type", "this has to be a mapping of "+strings.Join(known, ", "))
		return nil, false
	}
	members := make(map[string]ast.Node, len(mapping.Values))
	for _, entry := range mapping.Values {
		key, ok := entry.Key.(*ast.StringNode)
		if !ok {
			r.fault(entry.Key, path, "name", "a plain name is expected here; anchors, aliases and merges are not read")
			continue
		}
		inner := strings.TrimPrefix(path+"."+key.Value, ".")
		if !slices.Contains(known, key.Value) {
			r.fault(key, inner, "unknownName", "nothing of this name is known here; known are "+strings.Join(known, ", "))
			continue
		}
		if _, repeated := members[key.Value]; repeated {
			r.fault(key, inner, "duplicateName", "this name occurs twice")
			continue
		}
		members[key.Value] = entry.Value
	}
	return members, true
}

// mailboxes reads a list of distinct addresses or GUIDs.
func (r *reader) mailboxes(at ast.Node, path string) []string {
	list, ok := at.(*ast.SequenceNode)
	if !ok {
		r.fault(at, path, "type", "this has to be a list of addresses or GUIDs")
		return nil
	}
	var values []string
	seen := map[string]bool{}
	for i, entry := range list.Values {
		inner := fmt.Sprintf("%s[%d]", path, i)
		value, ok := r.mailbox(entry, inner)
		if !ok {
			continue
		}
		if seen[value] {
			r.fault(entry, inner, "duplicate", value+" is listed twice")
			continue
		}
		seen[value] = true
		values = append(values, value)
	}
	return values
}

// addressShape admits what Exchange Online admits as an address of a mailbox and
// no quoted local part.
var addressShape = regexp.MustCompile(`^[A-Za-z0-9!#$%&'*+/=?^_{|}~.-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$`)

func (r *reader) mailbox(at ast.Node, path string) (string, bool) {
	text, ok := r.text(at, path)
	if !ok {
		return "", false
	}
	if !grant.IsGUID(text) && !addressShape.MatchString(text) {
		r.fault(at, path, "mailbox", "a mailbox is named by an address or by its GUID")
		return "", false
	}
	return strings.ToLower(text), true
}

// span reads a length of time; 0 where it is none.
func (r *reader) span(at ast.Node, path string) time.Duration {
	text, ok := r.text(at, path)
	if !ok {
		return 0
	}
	length, err := grant.ParseDuration(text)
	if err != nil {
		r.fault(at, path, "duration", err.Error())
		return 0
	}
	return length
}

func (r *reader) duration(at ast.Node, path string) time.Duration {
	length := r.span(at, path)
	if length == 0 {
		return 0
	}
	if length < grant.Shortest {
		r.fault(at, path, "tooShort", fmt.Sprintf("no grant shorter than %s is given, so a longest of %s would refuse every one", grant.Shortest, length))
	}
	return length
}

func (r *reader) text(at ast.Node, path string) (string, bool) {
	text, ok := at.(*ast.StringNode)
	if !ok {
		r.fault(at, path, "type", "this has to be a plain or quoted text")
		return "", false
	}
	return text.Value, true
}

func (r *reader) count(at ast.Node, path string, most int) int {
	number, ok := at.(*ast.IntegerNode)
	if !ok {
		r.fault(at, path, "type", "this has to be a whole number")
		return 0
	}
	value, ok := number.Value.(uint64)
	if !ok || value < 1 || value > uint64(most) {
		r.fault(at, path, "range", fmt.Sprintf("this has to be between 1 and %d", most))
		return 0
	}
	return int(value)
}

func (r *reader) fault(at ast.Node, path, reason, detail string) {
	fault := Fault{Path: path, Reason: reason, Detail: detail}
	if at != nil && at.GetToken() != nil && at.GetToken().Position != nil {
		fault.Line, fault.Column = at.GetToken().Position.Line, at.GetToken().Position.Column
	}
	r.faults = append(r.faults, fault)
}

func (r *reader) whole(reason, detail string) {
	r.faults = append(r.faults, Fault{Reason: reason, Detail: detail})
}

// oneOf reads one of a few words; the first is what holds where it is none of them.
func oneOf[Word ~string](r *reader, at ast.Node, path string, words ...Word) Word {
	text, ok := at.(*ast.StringNode)
	if ok && slices.Contains(words, Word(text.Value)) {
		return Word(text.Value)
	}
	known := make([]string, len(words))
	for i, word := range words {
		known[i] = string(word)
	}
	r.fault(at, path, "unknownWord", "this has to be one of "+strings.Join(known, ", "))
	return words[0]
}

// names reads a list of distinct texts of one line.
func (r *reader) names(at ast.Node, path string) []string {
	list, ok := at.(*ast.SequenceNode)
	if !ok {
		r.fault(at, path, "type", "this has to be a list of names")
		return nil
	}
	var values []string
	for i, entry := range list.Values {
		inner := fmt.Sprintf("%s[%d]", path, i)
		text, ok := r.text(entry, inner)
		switch {
		case !ok:
		case strings.TrimSpace(text) == "":
			r.fault(entry, inner, "empty", "a name is expected here")
		case slices.Contains(values, text):
			r.fault(entry, inner, "duplicate", text+" is listed twice")
		default:
			values = append(values, text)
		}
	}
	return values
}
