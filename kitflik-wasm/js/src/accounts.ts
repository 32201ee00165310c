// Customers' and staff's accounts. Each method only gives the texts that cross their types.

import { type Attempt, type Command, type Engine, type Handle, from, key, name, optional, text } from "./call.js";
import type * as wire from "./wasm/kitflik.js";

/** Customers' accounts. */
export class Users {
  readonly #handle: Handle;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** Makes an account. The answer does not tell whether the address had one. */
  async register(request: wire.RegisterUser, command?: Command): Promise<wire.UserView> {
    return this.#handle.call((engine) => engine.usersRegister(text(request), key(command)));
  }

  /** Logs in. */
  async logIn(request: wire.LogIn, attempt?: Attempt): Promise<wire.TokenPair> {
    return this.#handle.call((engine) => engine.usersLogIn(text(request), key(attempt), from(attempt)));
  }

  /** The next pair of tokens. */
  async refresh(request: wire.RefreshSession, command?: Command): Promise<wire.TokenPair> {
    return this.#handle.call((engine) => engine.usersRefresh(text(request), key(command)));
  }

  /** Ends a session. */
  async logOut(request: wire.RefreshSession, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.usersLogOut(text(request), key(command)));
  }

  /** The actor's own account. */
  async me(actor: wire.Actor): Promise<wire.UserView> {
    return this.#handle.call((engine) => engine.usersMe(text(actor)));
  }

  /** The session that an access token came from: which of the sessions is the actor's own. */
  async session(accessToken: string): Promise<wire.SessionId> {
    return this.#handle.call((engine) => engine.usersSession(name(accessToken)));
  }

  /** Verifies an address: by the token of a mailed link, or by the code together with the address. */
  async verifyEmail(request: wire.VerifyEmail, attempt?: Attempt): Promise<void> {
    await this.#handle.call((engine) => engine.usersVerifyEmail(text(request), key(attempt), from(attempt)));
  }

  /** Mails another link and code. The answer does not tell whether there is such an account. */
  async resendVerification(request: wire.ResendVerification, attempt?: Attempt): Promise<void> {
    await this.#handle.call((engine) => engine.usersResendVerification(text(request), key(attempt), from(attempt)));
  }

  /** Mails a code for a new password. The answer does not tell whether there is such an account. */
  async forgotPassword(request: wire.ForgotPassword, attempt?: Attempt): Promise<void> {
    await this.#handle.call((engine) => engine.usersForgotPassword(text(request), key(attempt), from(attempt)));
  }

  /** Sets a new password by a mailed code, and ends every session. */
  async resetPassword(request: wire.ResetPassword, attempt?: Attempt): Promise<void> {
    await this.#handle.call((engine) => engine.usersResetPassword(text(request), key(attempt), from(attempt)));
  }

  /** Sets a new password by the old one, and ends all sessions but `session`. */
  async changePassword(
    actor: wire.Actor,
    request: wire.ChangePassword,
    attempt?: Attempt & { session?: wire.SessionId | undefined },
  ): Promise<void> {
    const session = optional(attempt?.session);
    const begin = (engine: Engine) =>
      engine.usersChangePassword(text(actor), text(request), key(attempt), from(attempt), session);
    await this.#handle.call(begin);
  }

  /** Mails a link and a code to a new address. Nothing changes before it is confirmed. */
  async changeEmail(actor: wire.Actor, request: wire.ChangeEmail, attempt?: Attempt): Promise<void> {
    const begin = (engine: Engine) =>
      engine.usersChangeEmail(text(actor), text(request), key(attempt), from(attempt));
    await this.#handle.call(begin);
  }

  /** Makes the new address the account's: by the token of the link, from anybody, or by the code, from its owner. */
  async confirmEmail(actor: wire.Actor, request: wire.ConfirmEmail, attempt?: Attempt): Promise<void> {
    const begin = (engine: Engine) =>
      engine.usersConfirmEmail(text(actor), text(request), key(attempt), from(attempt));
    await this.#handle.call(begin);
  }

  /** Changes the actor's profile. What is absent stays as it is, what is `null` is cleared. */
  async updateProfile(actor: wire.Actor, request: wire.UpdateProfile, command?: Command): Promise<wire.UserView> {
    return this.#handle.call((engine) => engine.usersUpdateProfile(text(actor), text(request), key(command)));
  }

  /** The actor's open sessions, the newest first. `current` is their own. */
  async listSessions(actor: wire.Actor, current?: wire.SessionId): Promise<wire.OpenSession[]> {
    return this.#handle.call((engine) => engine.usersListSessions(text(actor), optional(current)));
  }

  /** Ends one of the actor's sessions. Its access token ends within its own life. */
  async revokeSession(actor: wire.Actor, session: wire.SessionId, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.usersRevokeSession(text(actor), name(session), key(command)));
  }

  /** Ends all sessions of the actor. */
  async logOutEverywhere(actor: wire.Actor, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.usersLogOutEverywhere(text(actor), key(command)));
  }

  /** Everything that is kept about the actor. */
  async export(actor: wire.Actor): Promise<wire.UserExport> {
    return this.#handle.call((engine) => engine.usersExport(text(actor)));
  }

  /** Deletes the actor's account. Sales stay, without a name. */
  async delete(actor: wire.Actor, request: wire.DeleteAccount, attempt?: Attempt): Promise<void> {
    const begin = (engine: Engine) => engine.usersDelete(text(actor), text(request), key(attempt), from(attempt));
    await this.#handle.call(begin);
  }

  /** A page of customers' accounts for staff, the newest first. */
  async list(actor: wire.Actor, query: wire.UserQuery = {}): Promise<wire.Page<wire.UserView>> {
    return this.#handle.call((engine) => engine.usersList(text(actor), text(query)));
  }

  /** A customer's account for staff, with a page of what they have bought. */
  async view(actor: wire.Actor, user: wire.UserId, bookings: wire.PageRequest = {}): Promise<wire.CustomerView> {
    return this.#handle.call((engine) => engine.usersView(text(actor), name(user), text(bookings)));
  }

  /** Deletes a customer's account, for staff who manage customers. */
  async deleteCustomer(
    actor: wire.Actor,
    user: wire.UserId,
    request: wire.DeleteCustomer = {},
    command?: Command,
  ): Promise<void> {
    const begin = (engine: Engine) => engine.usersDeleteCustomer(text(actor), name(user), text(request), key(command));
    await this.#handle.call(begin);
  }
}

/** Staff's accounts. */
export class Staff {
  readonly #handle: Handle;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  /** Whether the house has a staff account. */
  async hasAny(): Promise<boolean> {
    return this.#handle.call((engine) => engine.staffHasAny());
  }

  /** Makes the first staff account. It can be made once. */
  async makeFirst(staff: wire.NewStaff): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffMakeFirst(text(staff)));
  }

  /** Logs in: with a one-time code, if they have set that up. */
  async logIn(request: wire.StaffLogIn, attempt?: Attempt): Promise<wire.TokenPair> {
    return this.#handle.call((engine) => engine.staffLogIn(text(request), key(attempt), from(attempt)));
  }

  /** The next pair of tokens. */
  async refresh(request: wire.RefreshSession, command?: Command): Promise<wire.TokenPair> {
    return this.#handle.call((engine) => engine.staffRefresh(text(request), key(command)));
  }

  /** Ends a session. */
  async logOut(request: wire.RefreshSession, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.staffLogOut(text(request), key(command)));
  }

  /** Gives an admin who is locked out a new password, without one-time codes. For the host program alone. */
  async rescue(actor: wire.Actor, email: string, password: string): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffRescue(text(actor), name(email), name(password)));
  }

  /** The actor's own account. */
  async me(actor: wire.Actor): Promise<wire.StaffMe> {
    return this.#handle.call((engine) => engine.staffMe(text(actor)));
  }

  /** Changes the actor's own password. All their sessions end, this one too. */
  async changePassword(actor: wire.Actor, request: wire.ChangeStaffPassword, command?: Command): Promise<void> {
    await this.#handle.call((engine) => engine.staffChangePassword(text(actor), text(request), key(command)));
  }

  /** Offers the actor a second factor: a secret for an app. It counts once a code has confirmed it. */
  async beginTotp(actor: wire.Actor, request: wire.Passworded): Promise<wire.OfferedFactor> {
    return this.#handle.call((engine) => engine.staffBeginTotp(text(actor), text(request)));
  }

  /** Confirms the offered second factor with a code of the app. From now on a log-in needs one. */
  async confirmTotp(actor: wire.Actor, request: wire.SecondFactorCode): Promise<wire.RecoveryCodes> {
    return this.#handle.call((engine) => engine.staffConfirmTotp(text(actor), text(request)));
  }

  /** Takes the actor's second factor away. */
  async disableTotp(actor: wire.Actor, request: wire.SecondFactorCode): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffDisableTotp(text(actor), text(request)));
  }

  /** Gives the actor new recovery codes; those before open nothing any more. */
  async renewRecoveryCodes(actor: wire.Actor, request: wire.SecondFactorCode): Promise<wire.RecoveryCodes> {
    return this.#handle.call((engine) => engine.staffRenewRecoveryCodes(text(actor), text(request)));
  }

  /** Makes an account for somebody and mails them an invitation. It can be accepted once, within seven days. */
  async invite(actor: wire.Actor, request: wire.InviteStaff, command?: Command): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffInvite(text(actor), text(request), key(command)));
  }

  /** Mails another invitation to somebody who has not accepted theirs. */
  async inviteAgain(actor: wire.Actor, staff: wire.StaffId, command?: Command): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffInviteAgain(text(actor), name(staff), key(command)));
  }

  /** Accepts an invitation: with the password that they choose they can log in. */
  async accept(request: wire.AcceptInvitation, command?: Command): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffAccept(text(request), key(command)));
  }

  /** A page of all staff accounts, the oldest first. */
  async list(actor: wire.Actor, page: wire.PageRequest = {}): Promise<wire.Page<wire.StaffView>> {
    return this.#handle.call((engine) => engine.staffList(text(actor), text(page)));
  }

  /** A staff account. */
  async get(actor: wire.Actor, staff: wire.StaffId): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffGet(text(actor), name(staff)));
  }

  /** Changes a name or a role. A new role ends their sessions. */
  async update(
    actor: wire.Actor,
    staff: wire.StaffId,
    request: wire.UpdateStaff,
    command?: Command,
  ): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffUpdate(text(actor), name(staff), text(request), key(command)));
  }

  /** Ends the sessions of a member of staff and lets them open no others. */
  async disable(actor: wire.Actor, staff: wire.StaffId, command?: Command): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffDisable(text(actor), name(staff), key(command)));
  }

  /** Lets a member of staff log in again. */
  async enable(actor: wire.Actor, staff: wire.StaffId, command?: Command): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffEnable(text(actor), name(staff), key(command)));
  }

  /** Takes away the one-time codes of somebody who lost their device and their recovery codes. */
  async resetSecondFactor(actor: wire.Actor, staff: wire.StaffId, command?: Command): Promise<wire.StaffView> {
    return this.#handle.call((engine) => engine.staffResetSecondFactor(text(actor), name(staff), key(command)));
  }

  /** A page of what staff did, the newest first. */
  async audit(actor: wire.Actor, query: wire.AuditQuery = {}): Promise<wire.Page<wire.AuditEntryView>> {
    return this.#handle.call((engine) => engine.staffAudit(text(actor), text(query)));
  }

  /** Reads the whole log of what staff did, and says whether it was changed since it was written. */
  async verifyAudit(actor: wire.Actor): Promise<wire.AuditReport> {
    return this.#handle.call((engine) => engine.staffVerifyAudit(text(actor)));
  }

  /**
   * After a rotation: seals the log and the one-time codes with the new master key, so that the former one can be given
   * up. Answers how many rows were written. For the host program alone.
   */
  async renewSeals(actor: wire.Actor): Promise<number> {
    return this.#handle.call((engine) => engine.staffRenewSeals(text(actor)));
  }
}
