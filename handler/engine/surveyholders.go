package engine

import (
	"slices"
	"strings"

	"mailgrant/handler/exchange"
)

// holders finds workloads by whatever Exchange shows of them. Ids name one workload;
// names may be several workloads'.
type holders struct {
	byID, byName   map[string][]string
	appIDs, titles map[string]string
}

// newHolders knows every principal of the directory and every pointer.
func newHolders(s *surveyed) holders {
	h := holders{byID: map[string][]string{}, byName: map[string][]string{}, appIDs: map[string]string{}, titles: map[string]string{}}
	for _, one := range s.Principals.Value {
		h.add(h.byID, one.ObjectID, one.ObjectID, one.AppID)
		h.appIDs[one.ObjectID], h.titles[one.ObjectID] = one.AppID, one.DisplayName
	}
	for _, one := range s.Pointers.Value {
		h.add(h.byID, one.ObjectID, one.ObjectID, one.AppID, one.GUID)
		h.add(h.byName, one.ObjectID, one.Name, one.Identity, one.DisplayName)
		h.appIDs[one.ObjectID] = firstOf(h.appIDs[one.ObjectID], one.AppID)
		h.titles[one.ObjectID] = firstOf(h.titles[one.ObjectID], one.DisplayName)
	}
	for _, part := range [][]heldConsent{s.OnGraph.Value, s.OnExchange.Value} {
		for _, one := range part {
			h.add(h.byID, one.Holder, one.Holder)
		}
	}
	return h
}

func (h holders) add(names map[string][]string, objectID string, known ...string) {
	for _, name := range known {
		name = strings.ToLower(name)
		if name != "" && !slices.Contains(names[name], objectID) {
			names[name] = append(names[name], objectID)
		}
	}
}

// named returns the object ids of the workloads that answer to one of the names: those
// of an id where one is among them, else those of a name. The second result says that
// it was an id.
func (h holders) named(shown ...string) ([]string, bool) {
	found := among(h.byID, shown)
	if len(found) > 0 {
		return found, true
	}
	return among(h.byName, shown), false
}

// among looks names up. Exchange may show a path that ends in the name (inferred).
func among(names map[string][]string, shown []string) []string {
	for _, text := range shown {
		for _, name := range []string{text, text[strings.LastIndexAny(text, `/\`)+1:]} {
			found := names[strings.ToLower(name)]
			if len(found) > 0 {
				return found
			}
		}
	}
	return nil
}

// owned finds our own objects in the tenant.
type owned struct {
	// named holds workload and name, grants the remote ids.
	named, grants map[string]string
}

func newOwned(objects []ownObject) owned {
	o := owned{named: map[string]string{}, grants: map[string]string{}}
	for _, one := range objects {
		if one.RemoteID != "" {
			o.grants[strings.ToLower(one.RemoteID)] = one.Grant
			continue
		}
		// Only while the id is not known yet: what bears our name under another id is not ours.
		o.named[one.Workload+"\x00"+strings.ToLower(one.Name)] = one.Grant
	}
	return o
}

// made reports whether a live grant made the object with this id.
func (o owned) made(id string) bool { return id != "" && o.grants[strings.ToLower(id)] != "" }

// has reports whether a live grant of the holder made the assignment, and notes which
// under the id by which the assignment is told.
func (o owned) has(holder string, assignment exchange.RoleAssignment) bool {
	id := strings.ToLower(firstOf(assignment.GUID, assignment.Identity, assignment.Name))
	made := firstOf(o.grants[id], o.named[holder+"\x00"+strings.ToLower(assignment.Name)])
	if made == "" {
		return false
	}
	o.grants[id] = made
	return true
}
