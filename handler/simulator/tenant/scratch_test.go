package tenant
import ("testing";"os";"context";"net/http";"github.com/Azure/azure-sdk-for-go/sdk/azidentity";"github.com/Azure/azure-sdk-for-go/sdk/azcore";"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy";"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud")
func TestScratch(t *testing.T){
 to:=started(t,Options{})
 os.Setenv("IDENTITY_ENDPOINT",to.IdentityURL()); os.Setenv("IDENTITY_HEADER",to.IdentityHeader())
 mi,err:=azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ID:azidentity.ClientID(SampleServiceAppID)})
 if err!=nil{t.Fatal(err)}
 tok,err:=mi.GetToken(context.Background(),policy.TokenRequestOptions{Scopes:[]string{"https://outlook.office365.com/.default"}})
 t.Log(tok.ExpiresOn,err)
 if err!=nil{t.Error(err)}
 for _,dis:=range []bool{true,false}{
 co:=azcore.ClientOptions{Cloud:cloud.Configuration{ActiveDirectoryAuthorityHost:to.URL()+"/"},Transport:tr{to.client()}}
 cs,err:=azidentity.NewClientSecretCredential(SampleTenantID,SampleNewsletterAppID,SampleNewsletterSecret,&azidentity.ClientSecretCredentialOptions{ClientOptions:co,DisableInstanceDiscovery:dis})
 if err!=nil{t.Fatal(err)}
 tok,err=cs.GetToken(context.Background(),policy.TokenRequestOptions{Scopes:[]string{"https://graph.microsoft.com/.default"}})
 t.Log(dis,tok.ExpiresOn,err)
 }
}
type tr struct{c *http.Client}
func (x tr) Do(r *http.Request)(*http.Response,error){ println(r.URL.String()); return x.c.Do(r)}
func TestHappy(t *testing.T){
 to:=started(t,Options{})
 grantNews(t,to)
 rows:=runFine(t,to,"Test-ServicePrincipalAuthorization",parameters{"Identity":SampleNewsletterObjectID,"Resource":SampleNewsGUID})
 t.Log(rows)
 s,b:=to.Call("POST","/v1.0/users/"+SampleNewsGUID+"/sendMail",to.Token(SampleNewsletterAppID,"graph"))
 t.Log(s,b)
 t.Log(string(to.Dump()))
 g:=graph(t,to,"GET","/v1.0/servicePrincipals(appId='"+SampleNewsletterAppID+"')?%24select=id,appId","")
 t.Log(g)
}
