package main

import (
	"errors"
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mailgrant/handler/grant"
	"mailgrant/handler/identity"
)

// options are the flags and the settings of the place.
type options struct {
	// identity is the object id of the service's own service principal.
	identity string
	group    string
	record   string
	use      identity.Use
	// administrator gives the directory role instead of the role group.
	administrator, remove, yes bool

	tenant, graph, exchange string
}

// usualGroup is the name that the doctor's remedies use, too.
const usualGroup = "mailgrant service"

var (
	guidShape  = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	groupShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,40}$`)
)

func readOptions(args []string, w world) (options, error) {
	chosen := options{tenant: w.env("AZURE_TENANT_ID"), graph: w.env("GRAPH_ENDPOINT"), exchange: w.env("EXCHANGE_ENDPOINT")}
	flags := flag.NewFlagSet("bootstrap", flag.ContinueOnError)
	flags.SetOutput(w.out)
	flags.StringVar(&chosen.identity, "identity", "", "object `id` of the identity's service principal: principalId among the outputs of infra/main.bicep")
	mechanisms := flags.String("mechanisms", string(grant.RBAC), "what the operator's document allows, with commas between: rbac, accessPolicy, mailboxPermission")
	consentBy := flags.String("consent-by", string(grant.Person), "who gives and removes consents: person, or service")
	flags.BoolVar(&chosen.use.Creates, "create-mailboxes", false, "the service may make shared mailboxes")
	flags.StringVar(&chosen.group, "group", usualGroup, "`name` of the role group in Exchange")
	flags.StringVar(&chosen.record, "record", "", "`file` that remembers what was made, for -remove; default bootstrap-<identity>.json")
	flags.BoolVar(&chosen.administrator, "exchange-administrator", false, "give the directory role Exchange Administrator instead of a role group")
	flags.BoolVar(&chosen.remove, "remove", false, "take back exactly what was given")
	flags.BoolVar(&chosen.yes, "yes", false, "do not ask")
	err := flags.Parse(args)
	if err != nil {
		return options{}, err
	}
	chosen.identity = strings.ToLower(chosen.identity)
	if chosen.record == "" {
		chosen.record = "bootstrap-" + chosen.identity + ".json"
	}
	for _, each := range strings.Split(*mechanisms, ",") {
		chosen.use.Mechanisms = append(chosen.use.Mechanisms, grant.Mechanism(strings.TrimSpace(each)))
	}
	chosen.use.ServiceConsents = *consentBy == string(grant.Service)
	return chosen, chosen.check(flags.NArg(), *consentBy)
}

func (o options) check(left int, consentBy string) error {
	switch {
	case left > 0:
		return errors.New("there are only flags: see -help")
	case !guidShape.MatchString(o.identity):
		return fmt.Errorf("-identity is %q and has to be the object id of the identity's service principal: az identity show --query principalId", o.identity)
	case !guidShape.MatchString(strings.ToLower(o.tenant)):
		return fmt.Errorf("AZURE_TENANT_ID is %q and has to be the tenant's GUID: az account show --query tenantId", o.tenant)
	case !groupShape.MatchString(o.group):
		return fmt.Errorf("-group %q: up to 41 letters, digits, blanks, dots, hyphens and underscores", o.group)
	case consentBy != string(grant.Person) && consentBy != string(grant.Service):
		return fmt.Errorf("-consent-by %q: person or service", consentBy)
	}
	for _, each := range o.use.Mechanisms {
		if !slices.Contains(grant.Mechanisms(), each) {
			return fmt.Errorf("-mechanisms %q: %v are known", each, grant.Mechanisms())
		}
	}
	return nil
}

// says is what the rights are for.
func (o options) says() string {
	var mechanisms []string
	for _, each := range o.use.Mechanisms {
		mechanisms = append(mechanisms, string(each))
	}
	by := "consents by a person"
	if o.use.ServiceConsents {
		by = "consents by the service"
	}
	return strings.Join(mechanisms, ", ") + ", " + by
}
