package engine

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
)

// Adoptable is access that no grant answers for, with a request that adopts it once an end
// is added.
type Adoptable struct {
	// What says in a clause what it is.
	What    string          `json:"what"`
	Request AdoptionRequest `json:"request"`
}

// AdoptionRequest is the body of an adoption without its end. One of the two ids names the
// workload, and one of the two lists what it holds.
type AdoptionRequest struct {
	AppID              string   `json:"appId,omitempty"`
	ServicePrincipalID string   `json:"servicePrincipalId,omitempty"`
	Assignments        []string `json:"assignments,omitempty"`
	Policies           []string `json:"policies,omitempty"`
}

// What an operation keeps: its row has a largest size.
const (
	mostAdoptable = 50
	mostTogether  = 20
)

// anyMark is the shape of a name that an installation of this service gives: another one's
// objects are managed there.
var anyMark = regexp.MustCompile(`(?i)^mg-[a-z0-9]{6}-[a-z2-7]{20}-[0-9]{2,3}$`)

// adoptable sorts what the tenant has into adoptions, those of one workload and limit
// together. What a live grant has, made or adopted, is left out.
func (e *Engine) adoptable(ctx context.Context, assignments []exchange.RoleAssignment, policies []exchange.ApplicationAccessPolicy) ([]Adoptable, error) {
	assignments = slices.DeleteFunc(slices.Clone(assignments), func(one exchange.RoleAssignment) bool {
		_, known := access.LookUpRole(one.Role)
		return !known || judged(one).Delegating || anyMark.MatchString(one.Name)
	})
	policies = slices.DeleteFunc(slices.Clone(policies), func(one exchange.ApplicationAccessPolicy) bool {
		return one.AppID == exchange.EveryApplication || !strings.EqualFold(one.AccessRight, exchange.RestrictAccess) || anyMark.MatchString(one.Description)
	})
	if len(assignments)+len(policies) == 0 {
		return nil, nil
	}
	own, err := e.allOwnObjects(ctx)
	if err != nil {
		return nil, err
	}
	pointers, err := e.Exchange.ListServicePrincipals(ctx)
	if err != nil {
		return nil, err
	}
	managed := map[string]bool{}
	for _, object := range own {
		managed[strings.ToLower(object.RemoteID)] = true
	}
	found := map[string]*Adoptable{}
	for _, one := range assignments {
		holder, known := holderOf(one, pointers)
		if known && !managed[strings.ToLower(judged(one).ID)] {
			merged(found, holder.ObjectID+limitedBy(judged(one)), fmt.Sprintf("role assignments of %s, limited by %s", firstOf(holder.DisplayName, holder.ObjectID), limitedBy(judged(one)))).addAssignment(holder.ObjectID, one.Name)
		}
	}
	for _, one := range policies {
		if !managed[strings.ToLower(one.Identity)] {
			merged(found, one.AppID, "application access policies of the application "+one.AppID).addPolicy(one.AppID, one.Identity)
		}
	}
	var all []Adoptable
	for _, one := range found {
		all = append(all, *one)
	}
	slices.SortFunc(all, func(a, b Adoptable) int { return cmp.Compare(a.What, b.What) })
	return all[:min(len(all), mostAdoptable)], nil
}

// holderOf finds the pointer that Exchange shows as the assignee.
func holderOf(one exchange.RoleAssignment, pointers []exchange.ServicePrincipal) (exchange.ServicePrincipal, bool) {
	place := slices.IndexFunc(pointers, func(pointer exchange.ServicePrincipal) bool {
		return heldBy(one, resolved{workload: grant.Workload{ObjectID: pointer.ObjectID, AppID: pointer.AppID},
			facts: access.Facts{Pointer: access.Known(&access.Pointer{Names: []string{pointer.Name, pointer.Identity, pointer.GUID}})}})
	})
	if place < 0 {
		return exchange.ServicePrincipal{}, false
	}
	return pointers[place], true
}

func merged(found map[string]*Adoptable, key, what string) *Adoptable {
	if found[key] == nil {
		found[key] = &Adoptable{What: what}
	}
	return found[key]
}

func (a *Adoptable) addAssignment(workload, name string) {
	a.Request.ServicePrincipalID = workload
	if len(a.Request.Assignments) < mostTogether {
		a.Request.Assignments = append(a.Request.Assignments, name)
	}
}

func (a *Adoptable) addPolicy(appID, identity string) {
	a.Request.AppID = appID
	if len(a.Request.Policies) < mostTogether {
		a.Request.Policies = append(a.Request.Policies, identity)
	}
}
