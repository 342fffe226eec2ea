package infra_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/applicationinsights/armapplicationinsights"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/appservice/armappservice/v5"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/authorization/armauthorization/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/keyvault/armkeyvault"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/monitor/armmonitor"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/msi/armmsi"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/operationalinsights/armoperationalinsights/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage"
)

// resourceType is one type that the templates may use, in the one version that they use.
type resourceType struct {
	version string
	// typed makes Microsoft's Go type for a body of that name; nil where there is none.
	typed func(name string) any
	// tracked types lie somewhere and need a location.
	tracked bool
}

func of[T any](string) any { return new(T) }

// resourceTypes are the types that may be used. The Go types are those of the same
// version, with two exceptions: scheduled query rules were published for 2022-08-01-preview,
// which holds all that 2022-06-15 has; what Microsoft Graph has in Bicep has no Go types.
var resourceTypes = map[string]resourceType{
	"Microsoft.Authorization/roleAssignments":                   {"2022-04-01", of[armauthorization.RoleAssignmentCreateParameters], false},
	"Microsoft.Graph/appRoleAssignedTo":                         {"v1.0", nil, false},
	"Microsoft.Graph/servicePrincipals":                         {"v1.0", nil, false},
	"Microsoft.Insights/actionGroups":                           {"2023-01-01", of[armmonitor.ActionGroupResource], true},
	"Microsoft.Insights/activityLogAlerts":                      {"2020-10-01", of[armmonitor.ActivityLogAlertResource], true},
	"Microsoft.Insights/components":                             {"2020-02-02", of[armapplicationinsights.Component], true},
	"Microsoft.Insights/diagnosticSettings":                     {"2021-05-01-preview", of[armmonitor.DiagnosticSettingsResource], false},
	"Microsoft.Insights/scheduledQueryRules":                    {"2022-06-15", of[armmonitor.ScheduledQueryRuleResource], true},
	"Microsoft.KeyVault/vaults":                                 {"2024-11-01", of[armkeyvault.VaultCreateOrUpdateParameters], true},
	"Microsoft.ManagedIdentity/userAssignedIdentities":          {"2024-11-30", of[armmsi.Identity], true},
	"Microsoft.OperationalInsights/workspaces":                  {"2025-07-01", of[armoperationalinsights.Workspace], true},
	"Microsoft.Storage/storageAccounts":                         {"2024-01-01", of[armstorage.AccountCreateParameters], true},
	"Microsoft.Storage/storageAccounts/blobServices":            {"2024-01-01", of[armstorage.BlobServiceProperties], false},
	"Microsoft.Storage/storageAccounts/blobServices/containers": {"2024-01-01", of[armstorage.BlobContainer], false},
	"Microsoft.Storage/storageAccounts/queueServices":           {"2024-01-01", of[armstorage.QueueServiceProperties], false},
	"Microsoft.Storage/storageAccounts/queueServices/queues":    {"2024-01-01", of[armstorage.Queue], false},
	"Microsoft.Storage/storageAccounts/tableServices":           {"2024-01-01", of[armstorage.TableServiceProperties], false},
	"Microsoft.Storage/storageAccounts/tableServices/tables":    {"2024-01-01", of[armstorage.Table], false},
	"Microsoft.Web/serverfarms":                                 {"2024-11-01", of[armappservice.Plan], true},
	"Microsoft.Web/sites":                                       {"2024-11-01", of[armappservice.Site], true},
	"Microsoft.Web/sites/basicPublishingCredentialsPolicies":    {"2024-11-01", of[armappservice.CsmPublishingCredentialsPoliciesEntity], false},
	"Microsoft.Web/sites/config":                                {"2024-11-01", configType, false},
}

// configType tells the bodies of an app's configuration apart by their names.
func configType(name string) any {
	if name == "authsettingsV2" {
		return new(armappservice.SiteAuthSettingsV2)
	}
	return new(armappservice.StringDictionary)
}

// enums are the values that Microsoft's types allow, for every such type that our bodies
// come upon.
var enums = byType(
	values(armapplicationinsights.PossibleApplicationTypeValues()),
	values(armapplicationinsights.PossibleIngestionModeValues()),
	values(armappservice.PossibleAuthenticationTypeValues()),
	values(armappservice.PossibleFtpsStateValues()),
	values(armappservice.PossibleFunctionsDeploymentStorageTypeValues()),
	values(armappservice.PossibleManagedServiceIdentityTypeValues()),
	values(armappservice.PossibleRuntimeNameValues()),
	values(armappservice.PossibleSupportedTLSVersionsValues()),
	values(armappservice.PossibleUnauthenticatedClientActionV2Values()),
	values(armauthorization.PossiblePrincipalTypeValues()),
	values(armkeyvault.PossibleSKUFamilyValues()),
	values(armkeyvault.PossibleSKUNameValues()),
	values(armmonitor.PossibleConditionOperatorValues()),
	values(armmonitor.PossibleDimensionOperatorValues()),
	values(armmonitor.PossibleKindValues()),
	values(armmonitor.PossibleTimeAggregationValues()),
	values(armoperationalinsights.PossibleWorkspaceSKUNameEnumValues()),
	values(armstorage.PossibleAccessTierValues()),
	values(armstorage.PossibleKindValues()),
	values(armstorage.PossibleMinimumTLSVersionValues()),
	values(armstorage.PossiblePublicAccessValues()),
	values(armstorage.PossibleSKUNameValues()),
)

type enum struct {
	of    reflect.Type
	words []string
}

func values[T ~string](possible []T) enum {
	words := make([]string, len(possible))
	for i, each := range possible {
		words[i] = string(each)
	}
	return enum{reflect.TypeFor[T](), words}
}

func byType(all ...enum) map[reflect.Type][]string {
	found := map[reflect.Type][]string{}
	for _, each := range all {
		found[each.of] = each.words
	}
	return found
}

// roundTrip sends a body through Microsoft's type and back. What does not come back is
// misspelt, or is no property of that type; what comes back different has a wrong form.
func roundTrip(one resource) []finding {
	known := resourceTypes[one.kind]
	if known.typed == nil {
		return nil
	}
	fault := func(what string) finding { return finding{"properties", one.where, one.symbol + ": " + what} }
	typed := known.typed(fmt.Sprint(one.body["name"]))
	sent := maps.Clone(one.body)
	delete(sent, "name") // part of the address, not of the body
	text, err := json.Marshal(sent)
	if err != nil {
		return []finding{fault(err.Error())}
	}
	err = json.Unmarshal(text, typed)
	if err != nil {
		return []finding{fault(err.Error())}
	}
	back, err := json.Marshal(typed)
	if err != nil {
		return []finding{fault(err.Error())}
	}
	var before, after any
	_ = json.Unmarshal(text, &before) // written by this very package
	_ = json.Unmarshal(back, &after)
	var found []finding
	for _, each := range differences("", before, after) {
		found = append(found, fault(each))
	}
	for _, each := range strangeWords(reflect.ValueOf(typed)) {
		found = append(found, fault(each))
	}
	if known.tracked && one.get("location") == nil {
		found = append(found, fault("it has no location"))
	}
	return found
}

// differences names what of before is missing in after or is another value there.
func differences(at string, before, after any) []string {
	switch typed := before.(type) {
	case nil:
		return nil
	case map[string]any:
		other, _ := after.(map[string]any)
		var found []string
		for _, name := range slices.Sorted(maps.Keys(typed)) {
			_, has := other[name]
			if !has && typed[name] != nil {
				found = append(found, at+"/"+name+" is not known")
				continue
			}
			found = append(found, differences(at+"/"+name, typed[name], other[name])...)
		}
		return found
	case []any:
		other, _ := after.([]any)
		if len(other) != len(typed) {
			return []string{at + " comes back with another length"}
		}
		var found []string
		for i := range typed {
			found = append(found, differences(fmt.Sprintf("%s/%d", at, i), typed[i], other[i])...)
		}
		return found
	}
	if fmt.Sprint(before) != fmt.Sprint(after) {
		return []string{fmt.Sprintf("%s is %v and comes back as %v", at, before, after)}
	}
	return nil
}

// strangeWords names every value of an enumeration that is none of its words.
func strangeWords(value reflect.Value) []string {
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		if value.IsNil() {
			return nil
		}
		return strangeWords(value.Elem())
	case reflect.Struct:
		var found []string
		for i := range value.NumField() {
			if value.Type().Field(i).IsExported() {
				found = append(found, strangeWords(value.Field(i))...)
			}
		}
		return found
	case reflect.Slice, reflect.Array:
		var found []string
		for i := range value.Len() {
			found = append(found, strangeWords(value.Index(i))...)
		}
		return found
	case reflect.String:
		if value.Type() == reflect.TypeFor[string]() {
			return nil
		}
		words, listed := enums[value.Type()]
		switch {
		case !listed:
			return []string{"the values of " + value.Type().String() + " are not listed in the checker"}
		case !slices.Contains(words, value.String()):
			return []string{fmt.Sprintf("%q is no %s", value.String(), value.Type().Name())}
		}
	}
	return nil
}
