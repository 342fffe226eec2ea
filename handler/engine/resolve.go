package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"mailgrant/handler/access"
	"mailgrant/handler/exchange"
	"mailgrant/handler/grant"
	"mailgrant/handler/graph"
	"mailgrant/handler/policy"
)

// resolved is what a request names, as the tenant knows it.
type resolved struct {
	workload grant.Workload
	facts    access.Facts
	// directory are the workload's directory roles.
	directory access.Reading[[]heldRole]
	mailboxes []exchange.Recipient
	// toMake are the named mailboxes that do not exist and are to be made.
	toMake []grant.Mailbox
	// counted is what a group, unit or filter holds; empty for named mailboxes.
	counted counted
	// canaries are the candidates, resolved: the request's own or the document's.
	canaries []exchange.Recipient
}

// atOnce is how many reads of one invocation run side by side.
const atOnce = 4

// resolve looks everything up that a request names. Faults say what the tenant
// does not know or does not allow, all of them; the error is for a tenant that
// could not be asked, which proves nothing about the request.
func (e *Engine) resolve(ctx context.Context, request grant.Request, document policy.Document) (resolved, []grant.Fault, error) {
	var found resolved
	mailboxes := make([]looked, len(request.Scope.Mailboxes))
	candidates := request.Canaries
	if len(candidates) == 0 {
		candidates = document.Canaries
	}
	canaries := make([]looked, len(candidates))
	var workloadFaults, scopeFaults []grant.Fault
	var lacking []string
	group, groupCtx := readTogether(ctx)
	// Two more than Exchange is asked at once, because some of these ask Graph.
	group.SetLimit(atOnce + 2)
	group.Go(func() error {
		var err error
		found.workload, workloadFaults, err = e.resolveWorkload(groupCtx, request)
		if err != nil || found.workload.ObjectID == "" {
			return err
		}
		group.Go(func() error {
			var err error
			found.directory, err = e.rolesInDirectory(groupCtx, found.workload.ObjectID)
			return err
		})
		found.facts, err = e.workloadFacts(groupCtx, found.workload, e.knownConsents)
		return err
	})
	group.Go(func() error {
		var err error
		found.counted, scopeFaults, err = e.resolveScope(groupCtx, request.Scope, document)
		return err
	})
	group.Go(func() error {
		var err error
		lacking, err = e.lackingRoles(groupCtx)
		return err
	})
	e.lookUp(groupCtx, group, request.Scope.Mailboxes, mailboxes)
	e.lookUp(groupCtx, group, needed(candidates, len(request.Canaries) > 0), canaries)
	err := group.Wait()
	if err != nil {
		return resolved{}, nil, err
	}
	faults := append(workloadFaults, permissionFaults(request, lacking)...)
	faults = append(faults, scopeFaults...)
	if request.Scope.Counted() && len(scopeFaults) == 0 {
		faults = append(faults, countFaults(request.Scope, found.counted, document)...)
	}
	var refused []grant.Fault
	found.toMake, refused = toMake(request, mailboxes, document)
	faults = append(faults, refused...)
	found.mailboxes, faults = gather(mailboxes, document, faults)
	found.canaries, faults = gatherCanaries(canaries, request.Canaries, faults)
	return found, faults, nil
}

// fewCanaries is how many of the document's canaries are looked up for one grant.
const fewCanaries = 1

// needed keeps the number of look-ups small: all canaries that a request names,
// but only the first of the document's. The others are looked up when that one
// turns out not to be usable.
func needed(candidates []string, named bool) []string {
	if named || len(candidates) <= fewCanaries {
		return candidates
	}
	return candidates[:fewCanaries]
}

// looked is the outcome of one look-up: a recipient, or a fault.
type looked struct {
	recipient exchange.Recipient
	fault     string
	// absent: the tenant knows nothing of that name. made: it is to be made, or is faulted
	// as one that may not be.
	absent, made bool
}

func (e *Engine) lookUp(ctx context.Context, group *reads, names []string, into []looked) {
	for i, name := range names {
		group.Go(func() error {
			var err error
			into[i], err = e.recipient(ctx, name)
			return err
		})
	}
}

// recipient asks the tenant for a mailbox by address or GUID. Only a typed answer
// becomes a fault; everything else is an error.
func (e *Engine) recipient(ctx context.Context, name string) (looked, error) {
	recipient, err := e.Exchange.FindRecipient(ctx, name)
	switch exchange.KindOf(err) {
	case "":
		if !named(recipient, name) {
			return looked{fault: "no mailbox has this address or id; one that answers to it by its display name or alias is not taken"}, nil
		}
		return looked{recipient: recipient}, nil
	case exchange.NotFound:
		return looked{fault: "no mailbox of this address or id is known to Exchange Online", absent: true}, nil
	case exchange.Ambiguous:
		return looked{fault: "more than one recipient answers to this; name the mailbox by its GUID"}, nil
	}
	return looked{}, err
}

// named reports whether the recipient has that address or id. Exchange also finds
// recipients by display name and alias, which anybody may choose.
func named(recipient exchange.Recipient, name string) bool {
	return slices.Contains(names(recipient), strings.ToLower(name))
}

func names(recipient exchange.Recipient) []string {
	return append([]string{recipient.GUID, recipient.ExchangeGUID, recipient.ExternalDirectoryObjectID, recipient.PrimaryAddress,
		strings.ToLower(recipient.UserPrincipalName)}, recipient.Addresses...)
}

// grantable are the recipient types that can be granted: mailboxes in Exchange Online.
func grantable(kind string) bool {
	return slices.Contains([]string{"UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox"}, kind)
}

func gather(found []looked, document policy.Document, faults []grant.Fault) ([]exchange.Recipient, []grant.Fault) {
	var recipients []exchange.Recipient
	for i, one := range found {
		at := func(reason, detail string) {
			faults = append(faults, grant.At(reason, detail, "scope", "mailboxes", strconv.Itoa(i)))
		}
		same := slices.IndexFunc(recipients, func(other exchange.Recipient) bool { return other.GUID == one.recipient.GUID })
		switch {
		case one.made:
		case one.fault != "":
			at("unknownMailbox", one.fault)
		case !grantable(one.recipient.Type):
			at("mailboxType", fmt.Sprintf("%s is a %s; only user, shared, room and equipment mailboxes in Exchange Online can be granted", one.recipient.PrimaryAddress, one.recipient.Type))
		case protected(one.recipient, document):
			at("protectedMailbox", one.recipient.PrimaryAddress+" is protected by the operator's document and is never granted")
		case same >= 0:
			at("duplicate", fmt.Sprintf("this is the same mailbox as entry %d", same))
		default:
			recipients = append(recipients, one.recipient)
		}
	}
	return recipients, faults
}

func gatherCanaries(found []looked, named []string, faults []grant.Fault) ([]exchange.Recipient, []grant.Fault) {
	var recipients []exchange.Recipient
	for i, one := range found {
		usable := one.fault == "" && grantable(one.recipient.Type)
		switch {
		case usable:
			recipients = append(recipients, one.recipient)
		case len(named) > 0 && one.fault != "":
			faults = append(faults, grant.At("unknownMailbox", one.fault, "canaries", strconv.Itoa(i)))
		case len(named) > 0:
			faults = append(faults, grant.At("mailboxType", one.recipient.PrimaryAddress+" is a "+one.recipient.Type+" and cannot be a canary", "canaries", strconv.Itoa(i)))
		}
	}
	return recipients, faults
}

// protected compares every name of the recipient with the document's list, so that
// an alias does not slip past it.
func protected(recipient exchange.Recipient, document policy.Document) bool {
	known := names(recipient)
	return slices.ContainsFunc(document.Protected, func(entry string) bool { return slices.Contains(known, entry) })
}

// protectedAmong lists the addresses of those recipients that the document protects.
func protectedAmong(recipients []exchange.Recipient, document policy.Document) []string {
	var shielded []string
	for _, recipient := range recipients {
		if protected(recipient, document) {
			shielded = append(shielded, recipient.PrimaryAddress)
		}
	}
	return shielded
}

// lackingRoles names the application roles that this tenant does not have.
func (e *Engine) lackingRoles(ctx context.Context) ([]string, error) {
	listed, err := e.Exchange.ListManagementRoles(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(listed))
	for i, role := range listed {
		names[i] = role.Name
	}
	lacking, _ := access.CheckRoles(names)
	return lacking, nil
}

func permissionFaults(request grant.Request, lacking []string) []grant.Fault {
	switch request.Mechanism {
	case grant.MailboxPermission:
		return protocolFaults(request.Permissions)
	case grant.AccessPolicy:
		return append(policyPermissionFaults(request.Permissions, "permissions"), policyPermissionFaults(request.ConfineExisting, "confineExisting")...)
	}
	var faults []grant.Fault
	for i, value := range request.Permissions {
		permission, refusal := access.Scopable(value)
		switch {
		case refusal != "":
			faults = append(faults, grant.At("permission", value+" cannot be granted: "+refusal, "permissions", strconv.Itoa(i)))
		case slices.Contains(lacking, permission.Role):
			faults = append(faults, grant.At("unknownRole", value+" is granted by the role "+permission.Role+", which this tenant does not have", "permissions", strconv.Itoa(i)))
		}
	}
	return faults
}

func mailboxOf(recipient exchange.Recipient) grant.Mailbox {
	return grant.Mailbox{GUID: recipient.GUID, Address: recipient.PrimaryAddress, Type: recipient.Type,
		EntraID: recipient.ExternalDirectoryObjectID}
}

// microsoftTenant owns Microsoft's own first-party applications (Microsoft Learn,
// Verify first-party Microsoft applications in sign-in reports).
const microsoftTenant = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

// resolveWorkload finds the enterprise application. The id of an app registration
// is told apart from an unknown one, because it is the usual mistake.
func (e *Engine) resolveWorkload(ctx context.Context, request grant.Request) (grant.Workload, []grant.Fault, error) {
	principal, err := e.principal(ctx, request)
	if graph.KindOf(err) == graph.NotFound {
		fault, err := e.unknownWorkload(ctx, request)
		return grant.Workload{}, []grant.Fault{fault}, err
	}
	if err != nil {
		return grant.Workload{}, nil, err
	}
	workload := grant.Workload{AppID: principal.AppID, ObjectID: principal.ObjectID, DisplayName: principal.DisplayName, Type: principal.Type}
	switch {
	case e.OwnAppID != "" && strings.EqualFold(principal.AppID, e.OwnAppID):
		return workload, []grant.Fault{grant.At("ownIdentity", "this is the service's own identity, which is never granted anything", "workload")}, nil
	case principal.OwnerTenant == microsoftTenant || principal.AppID == graph.GraphAppID || principal.AppID == graph.ExchangeAppID:
		return workload, []grant.Fault{grant.At("microsoftPrincipal", principal.DisplayName+" belongs to Microsoft and is never granted anything", "workload")}, nil
	}
	return workload, nil, nil
}

func (e *Engine) principal(ctx context.Context, request grant.Request) (graph.ServicePrincipal, error) {
	if request.AppID != "" {
		return e.Graph.FindServicePrincipalByAppID(ctx, request.AppID)
	}
	return e.Graph.FindServicePrincipal(ctx, request.ObjectID)
}

func (e *Engine) unknownWorkload(ctx context.Context, request grant.Request) (grant.Fault, error) {
	if request.AppID != "" {
		return grant.At("unknownWorkload", "no enterprise application has this application id in the tenant", "workload", "appId"), nil
	}
	application, err := e.Graph.FindApplication(ctx, request.ObjectID)
	if graph.KindOf(err) == graph.NotFound {
		return grant.At("unknownWorkload", "no enterprise application has this object id in the tenant", "workload", "objectId"), nil
	}
	if err != nil {
		return grant.Fault{}, err
	}
	detail := fmt.Sprintf("this is the object id of the app registration %q; its enterprise application has another one", application.DisplayName)
	principal, err := e.Graph.FindServicePrincipalByAppID(ctx, application.AppID)
	if err == nil {
		detail += fmt.Sprintf(": meant was probably objectId %s (appId %s)", principal.ObjectID, principal.AppID)
	}
	return grant.At("registrationId", detail, "workload", "objectId"), nil
}

func mailboxesOf(recipients []exchange.Recipient) []grant.Mailbox {
	var mailboxes []grant.Mailbox
	for _, recipient := range recipients {
		mailboxes = append(mailboxes, mailboxOf(recipient))
	}
	return mailboxes
}
